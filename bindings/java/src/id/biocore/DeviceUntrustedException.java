package id.biocore;

/** What the device signed does not verify, or its certificate leads to nobody who is trusted. */
public final class DeviceUntrustedException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceUntrustedException(Failure failure) {
        super(failure);
    }
}

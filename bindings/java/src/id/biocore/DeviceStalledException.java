package id.biocore;

/** An endpoint stalled and did not recover. */
public final class DeviceStalledException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceStalledException(Failure failure) {
        super(failure);
    }
}

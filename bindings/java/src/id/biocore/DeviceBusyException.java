package id.biocore;

/** Another program, driver or thread holds the device. */
public final class DeviceBusyException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceBusyException(Failure failure) {
        super(failure);
    }
}

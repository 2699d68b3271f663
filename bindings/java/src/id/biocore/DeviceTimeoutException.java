package id.biocore;

/** The device did not answer before the deadline. */
public final class DeviceTimeoutException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceTimeoutException(Failure failure) {
        super(failure);
    }
}

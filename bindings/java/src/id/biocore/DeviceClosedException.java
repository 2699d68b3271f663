package id.biocore;

/** The device was used after it was closed, or before it was open. */
public final class DeviceClosedException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceClosedException(Failure failure) {
        super(failure);
    }
}

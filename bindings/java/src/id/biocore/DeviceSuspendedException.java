package id.biocore;

/** The device was open while the machine slept: close it, and open it anew. */
public final class DeviceSuspendedException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceSuspendedException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** The URI names no device that is attached now. */
public final class DeviceNotFoundException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceNotFoundException(Failure failure) {
        super(failure);
    }
}

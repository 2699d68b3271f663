package id.biocore;

/** The capture was cancelled, or the device closed while it ran. */
public final class CaptureCancelledException extends DeviceException {
    private static final long serialVersionUID = 1L;

    CaptureCancelledException(Failure failure) {
        super(failure);
    }
}

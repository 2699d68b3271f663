package id.biocore;

/** A device that is recognised, and refused for a reason. */
public final class DeviceUnsupportedException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceUnsupportedException(Failure failure) {
        super(failure);
    }
}

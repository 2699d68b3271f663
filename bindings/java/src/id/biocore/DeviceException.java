package id.biocore;

/** Something went wrong with a device; {@link #device()}, {@link #state()} and {@link #hint()} tell more. */
public class DeviceException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    DeviceException(Failure failure) {
        super(failure);
    }
}

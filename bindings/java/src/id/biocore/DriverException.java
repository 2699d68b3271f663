package id.biocore;

/** A driver plug-in that is broken, or two that claim one name. */
public class DriverException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    DriverException(Failure failure) {
        super(failure);
    }
}

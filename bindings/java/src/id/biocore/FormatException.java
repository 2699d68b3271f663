package id.biocore;

/** A malformed file or record; {@link #file()} and {@link #offset()} say where. */
public class FormatException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    FormatException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** A station's journal could not do what was asked; {@link #code()} tells why. */
public final class JournalException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    JournalException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** Something is wrong with what is sealed to the centre; {@link #code()} tells what. */
public final class SealException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    SealException(Failure failure) {
        super(failure);
    }
}

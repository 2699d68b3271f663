package id.biocore;

/** Pixels, resolution or position that no algorithm here can take. */
public final class InvalidSampleException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    InvalidSampleException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** Templates that cannot be compared, fused or written together: of different kinds, or without a resolution. */
public final class InvalidTemplateException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    InvalidTemplateException(Failure failure) {
        super(failure);
    }
}

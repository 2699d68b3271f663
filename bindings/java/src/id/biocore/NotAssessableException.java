package id.biocore;

/** A reference algorithm refuses the picture: blank after cropping, too large, too few blocks. */
public final class NotAssessableException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    NotAssessableException(Failure failure) {
        super(failure);
    }
}

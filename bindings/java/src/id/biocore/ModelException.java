package id.biocore;

/** A model file that is missing, altered, or not what its name says. */
public final class ModelException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    ModelException(Failure failure) {
        super(failure);
    }
}

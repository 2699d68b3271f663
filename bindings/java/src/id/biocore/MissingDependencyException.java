package id.biocore;

/** Something outside is not installed; the message names the extra or the system package that brings it. */
public final class MissingDependencyException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    MissingDependencyException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** Fewer or more fingers lie on the platen than were asked for. */
public final class SlapException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    SlapException(Failure failure) {
        super(failure);
    }
}

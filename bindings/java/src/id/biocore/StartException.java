package id.biocore;

/** The C library is missing, or does not fit this jar, or the environment that it starts is broken. */
public final class StartException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    StartException(Failure failure) {
        super(failure);
    }

    StartException(String message) {
        this(message, null);
    }

    StartException(String message, Throwable cause) {
        super(Failure.ofStart(message), cause);
    }
}

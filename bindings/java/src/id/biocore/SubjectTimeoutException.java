package id.biocore;

/** The device works and waited, but no finger or eye came before the deadline. */
public final class SubjectTimeoutException extends DeviceException {
    private static final long serialVersionUID = 1L;

    SubjectTimeoutException(Failure failure) {
        super(failure);
    }
}

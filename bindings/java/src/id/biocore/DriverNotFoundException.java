package id.biocore;

/** No installed driver serves the URI. */
public final class DriverNotFoundException extends DriverException {
    private static final long serialVersionUID = 1L;

    DriverNotFoundException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** Fewer fingers or eyes came than were asked for. */
public final class IncompleteCaptureException extends DeviceException {
    private static final long serialVersionUID = 1L;

    IncompleteCaptureException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** No template can be made of the sample: there is no usable finger or iris in it. */
public final class ExtractionException extends BiocoreException {
    private static final long serialVersionUID = 1L;

    ExtractionException(Failure failure) {
        super(failure);
    }
}

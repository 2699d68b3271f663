package id.biocore;

/** A file or record that is well formed, but that nothing here reads or writes. */
public final class UnsupportedFormatException extends FormatException {
    private static final long serialVersionUID = 1L;

    UnsupportedFormatException(Failure failure) {
        super(failure);
    }
}

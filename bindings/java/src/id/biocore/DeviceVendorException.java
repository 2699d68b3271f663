package id.biocore;

/** A vendor's library failed with a code of its own, which the message carries. */
public final class DeviceVendorException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceVendorException(Failure failure) {
        super(failure);
    }
}

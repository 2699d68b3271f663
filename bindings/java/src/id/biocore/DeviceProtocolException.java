package id.biocore;

/** The device sent what its protocol does not know. */
public final class DeviceProtocolException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceProtocolException(Failure failure) {
        super(failure);
    }
}

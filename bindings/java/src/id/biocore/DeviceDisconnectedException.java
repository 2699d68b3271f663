package id.biocore;

/** The device was unplugged, lost power, or vanished from the bus: close it, and open it anew. */
public final class DeviceDisconnectedException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DeviceDisconnectedException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

/** The system does not let this user open the device; the hint carries the rule to install. */
public final class DevicePermissionException extends DeviceException {
    private static final long serialVersionUID = 1L;

    DevicePermissionException(Failure failure) {
        super(failure);
    }
}

package id.biocore;

import com.sun.jna.Pointer;

/** What the calling thread's last call met, and the exception that Java has for it. */
final class Failure {
    final int code;
    final String name;
    final String message;
    final String device;
    final String state;
    final String hint;
    final String file;
    final long offset;

    private Failure(int code, String name, String message, Pointer rest) {
        this.code = code;
        this.name = name;
        this.message = message;
        this.device = rest == null ? "" : Foreign.text(rest, Layouts.Error.DEVICE);
        this.state = rest == null ? "" : Foreign.text(rest, Layouts.Error.STATE);
        this.hint = rest == null ? "" : Foreign.text(rest, Layouts.Error.HINT);
        this.file = rest == null ? "" : Foreign.text(rest, Layouts.Error.FILE);
        this.offset = rest == null ? -1 : rest.getLong(Layouts.Error.OFFSET);
    }

    /** Return what is said of a library that cannot be loaded. */
    static Failure ofStart(String message) {
        return new Failure(ErrorCode.START, "StartError", message, null);
    }

    static Failure ofAbi(String message) {
        return new Failure(ErrorCode.ABI, "AbiError", message, null);
    }

    /** Return what nothing more is known of than the code. */
    static Failure of(int code) {
        return new Failure(code, "", "", null);
    }

    /** Return what biocore_last_error() says in this thread, before it calls anything else. */
    private static Failure last() {
        Pointer told = Natives.biocore_last_error();
        return new Failure(
                told.getInt(Layouts.Error.CODE),
                Foreign.text(told, Layouts.Error.NAME),
                Foreign.text(told, Layouts.Error.MESSAGE),
                told);
    }

    /** Throw, unless a call went well. */
    static void check(int code) {
        if (code != ErrorCode.OK) {
            throw last().exception();
        }
    }

    /** Return the exception of the code, or of its family where a newer library has a member that is not known here. */
    RuntimeException exception() {
        switch (code) {
            case ErrorCode.NOT_INITIALISED:
                return new IllegalStateException("the last Biocore is closed");
            case ErrorCode.HANDLE: // of an object that nobody has closed
                return new IllegalStateException("this was released when the last Biocore was closed");
            case ErrorCode.RUNNING:
                return new IllegalStateException(message);
            case ErrorCode.ARGUMENT:
                return new IllegalArgumentException(message);
            case ErrorCode.ABI:
            case ErrorCode.START:
                return new StartException(this);
            case ErrorCode.UNSUPPORTED_FORMAT:
                return new UnsupportedFormatException(this);
            case ErrorCode.DRIVER_NOT_FOUND:
                return new DriverNotFoundException(this);
            default:
                return code / 100 * 100 == ErrorCode.DEVICE ? ofDevice() : ofFamily();
        }
    }

    private BiocoreException ofFamily() {
        switch (code / 100 * 100) {
            case ErrorCode.INVALID_SAMPLE:
                return new InvalidSampleException(this);
            case ErrorCode.NOT_ASSESSABLE:
                return new NotAssessableException(this);
            case ErrorCode.EXTRACTION:
                return new ExtractionException(this);
            case ErrorCode.SLAP:
                return new SlapException(this);
            case ErrorCode.INVALID_TEMPLATE:
                return new InvalidTemplateException(this);
            case ErrorCode.FORMAT:
                return new FormatException(this);
            case ErrorCode.MODEL:
                return new ModelException(this);
            case ErrorCode.MISSING_DEPENDENCY:
                return new MissingDependencyException(this);
            case ErrorCode.DRIVER:
                return new DriverException(this);
            case ErrorCode.JOURNAL:
                return new JournalException(this);
            case ErrorCode.SEAL:
                return new SealException(this);
            default:
                return new BiocoreException(this);
        }
    }

    private DeviceException ofDevice() {
        switch (code) {
            case ErrorCode.DEVICE_NOT_FOUND:
                return new DeviceNotFoundException(this);
            case ErrorCode.DEVICE_PERMISSION:
                return new DevicePermissionException(this);
            case ErrorCode.DEVICE_BUSY:
                return new DeviceBusyException(this);
            case ErrorCode.DEVICE_CLOSED:
                return new DeviceClosedException(this);
            case ErrorCode.DEVICE_DISCONNECTED:
                return new DeviceDisconnectedException(this);
            case ErrorCode.DEVICE_TIMEOUT:
                return new DeviceTimeoutException(this);
            case ErrorCode.SUBJECT_TIMEOUT:
                return new SubjectTimeoutException(this);
            case ErrorCode.DEVICE_STALLED:
                return new DeviceStalledException(this);
            case ErrorCode.DEVICE_PROTOCOL:
                return new DeviceProtocolException(this);
            case ErrorCode.DEVICE_UNSUPPORTED:
                return new DeviceUnsupportedException(this);
            case ErrorCode.DEVICE_UNTRUSTED:
                return new DeviceUntrustedException(this);
            case ErrorCode.DEVICE_SUSPENDED:
                return new DeviceSuspendedException(this);
            case ErrorCode.DEVICE_VENDOR:
                return new DeviceVendorException(this);
            case ErrorCode.INCOMPLETE_CAPTURE:
                return new IncompleteCaptureException(this);
            case ErrorCode.CAPTURE_CANCELLED:
                return new CaptureCancelledException(this);
            default:
                return new DeviceException(this);
        }
    }
}

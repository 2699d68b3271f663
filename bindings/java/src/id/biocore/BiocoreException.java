package id.biocore;

import java.util.OptionalLong;

/**
 * Something that biocore could not do: the message says what is wrong, where, and what to do about it.
 *
 * <p>Each family of errors has a class, so that a program can act on what it does not know in detail:
 *
 * <pre>
 * BiocoreException
 * ├── StartException                   the library is missing, or does not fit this jar or its environment
 * ├── InvalidSampleException           pixels, resolution or position that no algorithm can take
 * ├── NotAssessableException           a reference algorithm refuses the picture
 * ├── ExtractionException              no usable region: no template can be made
 * ├── SlapException                    fewer or more fingers lie there than were asked for
 * ├── InvalidTemplateException         templates that cannot be compared or fused with each other
 * ├── FormatException                  malformed file or record: see file() and offset()
 * │   └── UnsupportedFormatException   well formed, but nothing here reads or writes it
 * ├── ModelException                   a model file that is missing, altered or not what it says
 * ├── MissingDependencyException       an extra or a system package is not installed; says which
 * ├── DriverException                  a plug-in that is broken, or two of one name
 * │   └── DriverNotFoundException      nothing installed serves the URI
 * ├── JournalException                 of a station's journal; code() tells which
 * ├── SealException                    of what is sealed to the centre; code() tells which
 * └── DeviceException                  see device(), state() and hint()
 *     ├── DeviceNotFoundException      the URI names nothing that is attached
 *     ├── DevicePermissionException    the hint carries the rule to install
 *     ├── DeviceBusyException          somebody else holds it
 *     ├── DeviceClosedException        used after close, or before open
 *     ├── DeviceDisconnectedException  unplugged, or gone from the bus
 *     ├── DeviceTimeoutException       the device did not answer in time
 *     ├── SubjectTimeoutException      the person did not: no finger, no eye
 *     ├── DeviceStalledException       an endpoint stalled
 *     ├── DeviceProtocolException      the device said something its protocol does not know
 *     ├── DeviceUnsupportedException   recognised, and refused for a reason
 *     ├── DeviceUntrustedException     its signature is wrong, or leads to nobody who is trusted
 *     ├── DeviceSuspendedException     it was open while the machine slept
 *     ├── DeviceVendorException        a vendor's own code, passed on
 *     ├── IncompleteCaptureException   fewer fingers or eyes than were asked for
 *     └── CaptureCancelledException    somebody cancelled the capture
 * </pre>
 *
 * <p>The class itself stands for what is of no family: memory that ran out, a mistake of biocore's own ({@link
 * ErrorCode#INTERNAL}: please report the message), and families that are newer than this jar, which {@link #name()}
 * tells apart.
 */
public class BiocoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Of {@link #code()}. */
    private final int code;
    /** Of {@link #name()}. */
    private final String name;
    /** Of {@link #device()}. */
    private final String device;
    /** Of {@link #state()}. */
    private final String state;
    /** Of {@link #hint()}. */
    private final String hint;
    /** Of {@link #file()}. */
    private final String file;
    /** Of {@link #offset()}; -1 is none. */
    private final long offset;

    BiocoreException(Failure failure, Throwable cause) {
        super(failure.message, cause);
        this.code = failure.code;
        this.name = failure.name;
        this.device = failure.device;
        this.state = failure.state;
        this.hint = failure.hint;
        this.file = failure.file;
        this.offset = failure.offset;
    }

    BiocoreException(Failure failure) {
        this(failure, null);
    }

    /**
     * Tells the error by its number, which never changes its meaning.
     *
     * @return one of {@link ErrorCode}, or a newer one
     */
    public int code() {
        return code;
    }

    /**
     * Tells the error by its name in biocore, "DeviceBusyError".
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * Tells which device it concerns.
     *
     * @return its URI; "" where the error concerns none
     */
    public String device() {
        return device;
    }

    /**
     * Tells what the device was doing.
     *
     * @return a word; "" where the error concerns no device
     */
    public String state() {
        return state;
    }

    /**
     * Tells what the operator can do now. The message ends in it too.
     *
     * @return a sentence; "" where there is none
     */
    public String hint() {
        return hint;
    }

    /**
     * Tells which file could not be read.
     *
     * @return its name; "" where the error concerns none
     */
    public String file() {
        return file;
    }

    /**
     * Tells which byte of a file or record is wrong.
     *
     * @return counted from 0; empty where there is none
     */
    public OptionalLong offset() {
        return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
    }
}

package id.biocore;

/**
 * The numbers of errors, as {@code biocore.h} has them.
 *
 * <p>They never change their meaning. From 100 on they are families: {@code code / 100 * 100} is the family's own,
 * which a program can act on where it does not know the member.
 */
public final class ErrorCode {
    /** Nothing is wrong. */
    public static final int OK = 0;

    /** Before {@link Biocore#start()}, or after the last was closed. */
    public static final int NOT_INITIALISED = 1;

    /** Program and library, or library and environment, are of different versions. */
    public static final int ABI = 2;

    /** The environment is missing, broken, or biocore is not installed in it. */
    public static final int START = 3;

    /** A wrong number, null where there must be something, a text that is none. */
    public static final int ARGUMENT = 4;

    /** A handle that was released, or is of another kind. */
    public static final int HANDLE = 5;

    /** Memory ran out. */
    public static final int MEMORY = 6;

    /** Shutdown while calls are running. */
    public static final int RUNNING = 7;

    /** A mistake of biocore's own; please report the message. */
    public static final int INTERNAL = 8;

    /** A family that is newer than the library's own list; the name tells. */
    public static final int OTHER = 10;

    /** Pixels, resolution or position that no algorithm can take. */
    public static final int INVALID_SAMPLE = 100;

    /** A reference algorithm refuses the picture. */
    public static final int NOT_ASSESSABLE = 200;

    /** No usable region: no template can be made. */
    public static final int EXTRACTION = 300;

    /** Fewer or more fingers lie there than were asked for. */
    public static final int SLAP = 400;

    /** Templates that cannot be compared or fused with each other. */
    public static final int INVALID_TEMPLATE = 500;

    /** Malformed file or record; the error carries file and byte offset. */
    public static final int FORMAT = 600;

    /** Well formed, but nothing here reads or writes it. */
    public static final int UNSUPPORTED_FORMAT = 601;

    /** A model file that is missing, altered or not what it says. */
    public static final int MODEL = 700;

    /** An extra or a system package is not installed; says which. */
    public static final int MISSING_DEPENDENCY = 800;

    /** A plug-in that is broken, or two of one name. */
    public static final int DRIVER = 900;

    /** Nothing installed serves the URI. */
    public static final int DRIVER_NOT_FOUND = 901;

    /** Of a station's journal. */
    public static final int JOURNAL = 1000;

    /** The disk is full, and the reserve is used up. */
    public static final int JOURNAL_FULL = 1001;

    /** Too little room to begin another resident. */
    public static final int JOURNAL_RESERVE = 1002;

    /** A read-only disk, or a folder without rights. */
    public static final int JOURNAL_READ_ONLY = 1003;

    /** The disk failed. */
    public static final int JOURNAL_DEVICE = 1004;

    /** Another process holds the journal. */
    public static final int JOURNAL_BUSY = 1005;

    /** An entry or the index is missing or altered. */
    public static final int JOURNAL_CORRUPT = 1006;

    /** Written by a newer biocore. */
    public static final int JOURNAL_VERSION = 1007;

    /** Closed, or stopped by an earlier fault. */
    public static final int JOURNAL_CLOSED = 1008;

    /** A resident that is unknown, finished or damaged. */
    public static final int JOURNAL_STATE = 1009;

    /** The journal's index is damaged; its entries are not. */
    public static final int JOURNAL_INDEX = 1010;

    /** Of what is sealed to the centre. */
    public static final int SEAL = 1100;

    /** The centre's key is missing, wrong, altered or expired. */
    public static final int CENTRE_KEY = 1101;

    /** A wrong private key, or an altered entry. */
    public static final int UNSEAL = 1102;

    /** Something went wrong with a device. */
    public static final int DEVICE = 1200;

    /** The URI names nothing that is attached. */
    public static final int DEVICE_NOT_FOUND = 1201;

    /** The hint carries the rule to install. */
    public static final int DEVICE_PERMISSION = 1202;

    /** Somebody else holds it. */
    public static final int DEVICE_BUSY = 1203;

    /** Used after close, or before open. */
    public static final int DEVICE_CLOSED = 1204;

    /** Unplugged, or gone from the bus. */
    public static final int DEVICE_DISCONNECTED = 1205;

    /** The device did not answer in time. */
    public static final int DEVICE_TIMEOUT = 1206;

    /** The person did not: no finger, no eye. */
    public static final int SUBJECT_TIMEOUT = 1207;

    /** An endpoint stalled. */
    public static final int DEVICE_STALLED = 1208;

    /** The device said something its protocol does not know. */
    public static final int DEVICE_PROTOCOL = 1209;

    /** Recognised, and refused for a reason. */
    public static final int DEVICE_UNSUPPORTED = 1210;

    /** Its signature is wrong, or leads to nobody who is trusted. */
    public static final int DEVICE_UNTRUSTED = 1211;

    /** It was open while the machine slept. */
    public static final int DEVICE_SUSPENDED = 1212;

    /** A vendor's own code, passed on. */
    public static final int DEVICE_VENDOR = 1213;

    /** Fewer fingers or eyes than were asked for. */
    public static final int INCOMPLETE_CAPTURE = 1214;

    /** Somebody cancelled the capture. */
    public static final int CAPTURE_CANCELLED = 1215;

    /**
     * Returns the name of a code, "BIOCORE_ERROR_FORMAT". The library need not be started.
     *
     * @param code as {@link BiocoreException#code()} has it
     * @return its name in {@code biocore.h}; "" where the library knows none
     */
    public static String nameOf(int code) {
        Library.load();
        return Foreign.text(Natives.biocore_code_name(code));
    }

    private ErrorCode() {}
}

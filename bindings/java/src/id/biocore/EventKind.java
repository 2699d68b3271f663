package id.biocore;

/** What happened during a capture. */
public enum EventKind {
    /** The state of the device changed; the detail is the new one. */
    STATE,
    /** The device is ready for the finger or eye. */
    WAITING,
    /** A live frame; one may be dropped, the final one never is. */
    PREVIEW,
    /** A finger or eye was detected. */
    PRESENT,
    /** And is gone again. */
    REMOVED,
    /** The final frame. */
    CAPTURED,
    /** The device failed, and another goes on; the detail says which, and why. */
    SWITCHED,
    /** Something that is newer than this jar. */
    OTHER;

    static EventKind of(int number) {
        return number >= 0 && number < OTHER.ordinal() ? values()[number] : OTHER;
    }
}

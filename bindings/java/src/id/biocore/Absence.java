package id.biocore;

import com.sun.jna.Pointer;

/** A finger or eye that a record says is missing. */
public final class Absence {
    private final Position position;
    private final String reason;

    Absence(Pointer from) {
        this.position = Position.told(from.getInt(Layouts.Absence.MODALITY), from.getInt(Layouts.Absence.POSITION));
        this.reason = Foreign.constant(from, Layouts.Absence.REASON);
    }

    /**
     * Tells which one.
     *
     * @return the position
     */
    public Position position() {
        return position;
    }

    /**
     * Tells why.
     *
     * @return "amputated", "unable to capture", "not said", ...
     */
    public String reason() {
        return reason;
    }

    @Override
    public String toString() {
        return position + ": " + reason;
    }
}

package id.biocore;

import com.sun.jna.Pointer;
import java.util.Optional;

/** What happened during a capture. It is Java's own, and may be kept. */
public final class Event {
    private final EventKind kind;
    private final String device;
    private final String detail;
    private final Optional<Frame> frame;

    Event(Pointer from) {
        this.kind = EventKind.of(from.getInt(Layouts.Event.KIND));
        this.device = Foreign.text(from, Layouts.Event.DEVICE);
        this.detail = Foreign.text(from, Layouts.Event.DETAIL);
        this.frame = Optional.ofNullable(from.getPointer(Layouts.Event.PICTURE)).map(Frame::new);
    }

    /**
     * Tells what happened.
     *
     * @return the kind
     */
    public EventKind kind() {
        return kind;
    }

    /**
     * Tells which device it is of.
     *
     * @return its URI
     */
    public String device() {
        return device;
    }

    /**
     * Tells more: the new state, the device that goes on.
     *
     * @return a text; "" where there is none
     */
    public String detail() {
        return detail;
    }

    /**
     * Shows the picture.
     *
     * @return with {@link EventKind#PREVIEW} and {@link EventKind#CAPTURED}; empty otherwise
     */
    public Optional<Frame> frame() {
        return frame;
    }

    @Override
    public String toString() {
        return kind + " " + detail;
    }
}

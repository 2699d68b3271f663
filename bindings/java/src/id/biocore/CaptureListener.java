package id.biocore;

/** Hears what happens during a capture: the person awaited, live frames, the state of the device. */
@FunctionalInterface
public interface CaptureListener {
    /**
     * Called in the thread that causes the event: the one that captures, or the device's own.
     *
     * <p>It should return soon, as the capture goes on only then. It may call every method of this package; cancelling
     * and closing the device are allowed, starting and closing a {@link Biocore} are not. What it throws ends the
     * capture, and is thrown by {@link Device#capture(java.time.Duration, Position, CaptureListener)} as it is.
     *
     * @param event what happened; it may be kept
     */
    void heard(Event event);
}

package id.biocore;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Who hears of captures: C calls one function of Java's, whose {@code context} is the listener's number. */
final class Listeners {
    /** What C calls: biocore_listener. */
    interface Heard extends Callback {
        void callback(Pointer event, Pointer context);
    }

    static final Heard HEARD = Listeners::heard; // kept as long as the process: C's way in lies in it
    private static final Map<Long, Listeners> ALL = new ConcurrentHashMap<>();
    private static final AtomicLong NEXT = new AtomicLong(1);
    private static final long CODE = Pointer.nativeValue(CallbackReference.getFunctionPointer(HEARD));

    private final long number = NEXT.getAndIncrement();
    private final CaptureListener listener;
    private final Runnable cancel;
    private volatile Throwable thrown;

    private Listeners(CaptureListener listener, Runnable cancel) {
        this.listener = listener;
        this.cancel = cancel;
    }

    /** Let one hear from now on; {@code cancel} ends the capture, where the listener throws. */
    static Listeners add(CaptureListener listener, Runnable cancel) {
        Listeners added = new Listeners(listener, cancel);
        ALL.put(added.number, added);
        return added;
    }

    void remove() {
        ALL.remove(number);
    }

    /** Return the address of what C calls. */
    static long code() {
        return CODE;
    }

    /** Return what C hands over with each call. */
    long context() {
        return number;
    }

    /** Return what the listener threw first; null where it threw nothing. */
    Throwable thrown() {
        return thrown;
    }

    /** Throw the same, as it is: a listener of another language's may throw what Java would have declared. */
    @SuppressWarnings("unchecked")
    static <E extends Throwable> RuntimeException rethrow(Throwable thrown) throws E {
        throw (E) thrown;
    }

    private static void heard(Pointer event, Pointer context) {
        Listeners hearing = ALL.get(Pointer.nativeValue(context));
        if (hearing == null || hearing.thrown != null) { // the capture has ended, or is about to
            return;
        }
        boolean nested = Library.inListener();
        Library.IN_LISTENER.set(Boolean.TRUE);
        try {
            hearing.listener.heard(new Event(event));
        } catch (Throwable error) { // nothing of Java's may go up through C
            hearing.thrown = error;
            hearing.cancel.run();
        } finally {
            if (!nested) {
                Library.IN_LISTENER.remove();
            }
        }
    }
}

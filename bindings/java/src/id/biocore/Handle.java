package id.biocore;

import java.lang.ref.Cleaner;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * A handle of the library's, given back exactly once: when its owner is closed and no call uses it any more.
 *
 * <p>Memory that the library lends lasts as long as the handle, so no thread may release what another is reading.
 */
final class Handle implements Runnable {
    private static final Cleaner FORGOTTEN = Cleaner.create();

    private final String what;
    private final long number;
    private final LongUnaryOperator release;
    private final boolean atOnce;
    private int users;
    private boolean closed;

    private Handle(String what, long number, LongUnaryOperator release, boolean atOnce) {
        this.what = what;
        this.number = number;
        this.release = release;
        this.atOnce = atOnce;
    }

    /** Tie a handle to its owner, who is collected some day if nobody closes it. */
    static Tied tie(Object owner, String what, long number, LongUnaryOperator release) {
        return new Tied(owner, new Handle(what, number, release, false));
    }

    /** The same of one that is released while calls use it, which ends them. */
    static Tied tieLoosely(Object owner, String what, long number, LongUnaryOperator release) {
        return new Tied(owner, new Handle(what, number, release, true));
    }

    /** Return the number, which stays good until {@link #leave}. */
    synchronized long enter() {
        if (closed) {
            throw new IllegalStateException("this " + what + " is closed");
        }
        users++;
        return number;
    }

    void leave() {
        boolean last;
        synchronized (this) {
            users--;
            last = closed && users == 0 && !atOnce;
        }
        if (last) {
            release.applyAsLong(number);
        }
    }

    /** Release: what the cleaner does, once, when the owner is closed or collected. */
    @Override
    public void run() {
        boolean now;
        synchronized (this) {
            closed = true;
            now = users == 0 || atOnce;
        }
        if (now) {
            release.applyAsLong(number); // a library that has ended meanwhile has released it: no error is of interest
        }
    }

    /** A handle together with what releases it when its owner is collected. */
    static final class Tied {
        private final Handle handle;
        private final Cleaner.Cleanable cleanable;

        private Tied(Object owner, Handle handle) {
            this.handle = handle;
            this.cleanable = FORGOTTEN.register(owner, handle);
        }

        long enter() {
            return handle.enter();
        }

        void leave() {
            handle.leave();
        }

        void close() {
            cleanable.clean();
        }
    }

    /** Enter several at once: all or none. */
    static long[] enterAll(List<Tied> all) {
        long[] numbers = new long[all.size()];
        int entered = 0;
        try {
            for (; entered < numbers.length; entered++) {
                numbers[entered] = all.get(entered).enter();
            }
        } finally {
            if (entered < numbers.length) {
                all.subList(0, entered).forEach(Tied::leave);
            }
        }
        return numbers;
    }
}

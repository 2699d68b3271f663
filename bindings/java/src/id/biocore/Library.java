package id.biocore;

import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** The C library: found, loaded once, started when the first asks for it, ended when the last has closed. */
final class Library {
    static final String PROPERTY = "biocore.library";
    static final String VARIABLE = "BIOCORE_LIBRARY";
    private static final int POINTER_BYTES = 8;
    private static final String FILE = "libbiocore.so." + Natives.ABI;

    /** Held, for reading, by who reads memory that a handle lends; for writing by who ends the library. */
    private static final ReentrantReadWriteLock LENT = new ReentrantReadWriteLock();

    /** Set in threads that a listener runs in. */
    static final ThreadLocal<Boolean> IN_LISTENER = new ThreadLocal<>();

    private static boolean loaded;
    private static boolean hooked;
    private static int starts;

    /** Load the library; start it, unless it is. */
    static void start(Path environment) {
        refuseListeners();
        startOnce(environment);
    }

    private static synchronized void startOnce(Path environment) {
        load();
        if (starts == 0) {
            if (!hooked) { // while threads run: afterwards no listener could be called any more
                Runtime.getRuntime().addShutdownHook(new Thread(Library::end, "biocore-end"));
                hooked = true;
            }
            byte[] place = environment == null ? null : Foreign.path(environment.toAbsolutePath());
            Failure.check(Natives.biocore_init(Natives.ABI, place));
        }
        starts++;
    }

    /** Take back one start; the last ends the library. */
    static void stop() {
        refuseListeners();
        stopLast();
    }

    private static synchronized void stopLast() {
        if (starts == 1) {
            Failure.check(shutdown());
        }
        starts--;
    }

    private static int shutdown() {
        LENT.writeLock().lock();
        try {
            return Natives.biocore_shutdown();
        } finally {
            LENT.writeLock().unlock();
        }
    }

    /** Before any lock: who ends the library holds it, and waits for the listener to return. */
    private static void refuseListeners() {
        if (inListener()) {
            throw new IllegalStateException("a listener cannot start or end the library that is calling it");
        }
    }

    static boolean inListener() {
        return IN_LISTENER.get() != null;
    }

    private static synchronized void end() {
        if (starts > 0) {
            shutdown(); // what it answers, nobody is there to hear
        }
    }

    /** Read memory that a handle lends, which no other thread may end meanwhile. */
    static <T> T lent(Supplier<T> read) {
        if (!LENT.readLock().tryLock()) {
            throw new IllegalStateException("biocore is being closed");
        }
        try {
            return read.get();
        } finally {
            LENT.readLock().unlock();
        }
    }

    // -- found and loaded --------------------------------------------------------------------------

    static synchronized void load() {
        if (loaded) {
            return;
        }
        if (pointerBytes() != POINTER_BYTES) {
            throw new StartException("biocore needs a 64-bit machine and a 64-bit Java");
        }
        NativeLibrary library = find();
        checkAbi(library);
        try {
            Native.register(Natives.class, library);
        } catch (UnsatisfiedLinkError error) {
            throw new StartException(
                    library.getFile() + " is older than this jar: " + error.getMessage() + ". Build it anew", error);
        }
        // Threads of a device's own stay known to Java as long as they live, and keep no program from ending.
        Native.setCallbackThreadInitializer(
                Listeners.HEARD, new CallbackThreadInitializer(true, false, "biocore-device"));
        loaded = true;
    }

    /** JNA's native part is loaded here, which may be missing, or forbidden. */
    private static int pointerBytes() {
        try {
            return Native.POINTER_SIZE;
        } catch (LinkageError error) {
            throw new StartException("JNA does not load: " + error.getMessage(), error);
        }
    }

    private static NativeLibrary find() {
        List<String> tried = new ArrayList<>();
        String named = System.getProperty(PROPERTY);
        String from = "system property " + PROPERTY;
        if (named == null || named.isEmpty()) {
            named = System.getenv(VARIABLE);
            from = "variable " + VARIABLE;
        }
        NativeLibrary found = null;
        if (named != null && !named.isEmpty()) { // and nowhere else: whoever names one means that one
            found = open(from, Path.of(named), tried);
        } else {
            tried.add("system property " + PROPERTY + ": not set");
            tried.add("variable " + VARIABLE + ": not set");
            for (String folder : System.getProperty("java.library.path", "").split(File.pathSeparator)) {
                if (found == null && !folder.isEmpty()) {
                    found = open("java.library.path", Path.of(folder, FILE), tried);
                }
            }
            found = found == null ? byName(tried) : found;
        }
        if (found == null) {
            throw new StartException("no " + FILE + " was loaded. Tried:\n  " + String.join("\n  ", tried)
                    + "\nBuild it with `make c`, or with bindings/c/build.py; then -D" + PROPERTY + "=.../lib/" + FILE);
        }
        return found;
    }

    private static NativeLibrary open(String from, Path place, List<String> tried) {
        Path file = Files.isDirectory(place) ? place.resolve(FILE) : place;
        if (!Files.isRegularFile(file)) {
            tried.add(from + ": " + file + ": no such file");
            return null;
        }
        try {
            return NativeLibrary.getInstance(file.toAbsolutePath().toString());
        } catch (UnsatisfiedLinkError error) {
            tried.add(from + ": " + reason(error));
            return null;
        }
    }

    private static NativeLibrary byName(List<String> tried) {
        try {
            return NativeLibrary.getInstance(FILE);
        } catch (UnsatisfiedLinkError error) {
            tried.add("the system's loader (LD_LIBRARY_PATH, ldconfig): " + reason(error));
            return null;
        }
    }

    /** JNA tells every name that it tried; the first is the one that was asked for, with the loader's own words. */
    private static String reason(UnsatisfiedLinkError error) {
        Throwable[] tries = error.getSuppressed();
        return (tries.length == 0 ? error : tries[0]).getMessage().split("\n")[0];
    }

    private static void checkAbi(NativeLibrary library) {
        int abi;
        String version;
        try {
            abi = library.getFunction("biocore_abi_version").invokeInt(new Object[0]);
            version = library.getFunction("biocore_version").invokeString(new Object[0], false);
        } catch (UnsatisfiedLinkError error) {
            throw new StartException(library.getFile() + " is no library of biocore: " + error.getMessage(), error);
        }
        if (abi != Natives.ABI) {
            throw new StartException(Failure.ofAbi(library.getFile() + " (biocore " + version + ") has ABI " + abi
                    + ", this jar is written for " + Natives.ABI + ": take the jar that comes with the library"));
        }
    }

    private Library() {}
}

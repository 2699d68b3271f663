import com.sun.jna.NativeLibrary;
import id.biocore.*;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/**
 * What calls cost: CPU seconds, the least of several, and the kilobytes that one needs while it runs, of the process
 * and of Java's heap. Printed as NAME SECONDS KILOBYTES: {@code Timing PRINT IMAGE-RECORD}.
 */
public final class Timing {
    private static final int MANY = 100; // references of a search
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final NativeLibrary C = NativeLibrary.getInstance("c");

    public static void main(String[] arguments) throws IOException {
        Path print = Path.of(arguments[0]);
        long before = status("VmRSS");
        long begun = THREADS.getCurrentThreadCpuTime();
        Biocore biocore = Biocore.start();
        say("start", THREADS.getCurrentThreadCpuTime() - begun, status("VmRSS") - before);

        byte[] images = Files.readAllBytes(Path.of(arguments[1]));
        Sample sample = biocore.loadSample(print, Position.RIGHT_INDEX, 500);
        Template finger = sample.extract();
        byte[] pixels = sample.frame().pixels();
        byte[] minutiae = finger.write(TemplateFormat.FMR_2011);
        List<Template> references = Collections.nCopies(MANY, finger);
        BiometricRecord record = biocore.readRecord(images, "record");

        time("nothing", 50, 1000, biocore::liveHandles);
        time("open", 50, 5, () -> biocore.loadSample(print, Position.RIGHT_INDEX, 500).close());
        time("pixels", 50, 20, () -> biocore.sampleOf(pixels, 400, 500, Position.RIGHT_INDEX, 500).close());
        time("picture", 50, 200, sample::frame);
        time("assess", 60, 1, sample::assess);
        time("extract", 60, 1, () -> sample.extract().close());
        time("compare", 50, 50, () -> finger.compare(finger));
        time("search", 50, 2, () -> finger.search(references, 1));
        time("write", 50, 50, () -> finger.write(TemplateFormat.FMR_2011));
        time("read", 50, 50, () -> biocore.readTemplates(minutiae).forEach(Template::close));
        time("record", 50, 20, () -> biocore.readRecord(images, "record").close());
        time("convert", 50, 20, () -> record.convert(RecordFormat.FIR_2005));
        time("capture", 50, 2, () -> {
            try (Device device = biocore.openDevice("file:" + print + "?ppi=500")) {
                device.capture(Duration.ofMinutes(1), Position.RIGHT_INDEX).close();
            }
        });
        record.close();
        finger.close();
        sample.close();
        biocore.close();
    }

    private static void time(String name, int rounds, int times, Runnable call) throws IOException {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < rounds; round++) {
            long begun = THREADS.getCurrentThreadCpuTime();
            for (int k = 0; k < times; k++) {
                call.run();
            }
            least = Math.min(least, (THREADS.getCurrentThreadCpuTime() - begun) / times);
        }
        say(name, least, peak(call));
    }

    /** Return how far the process's memory rises while a call runs, and what the call takes of Java's heap. */
    private static long peak(Runnable call) throws IOException {
        System.gc();
        C.getFunction("malloc_trim").invokeInt(new Object[] {0L});
        Files.writeString(Path.of("/proc/self/clear_refs"), "5"); // the highest mark is set anew
        long thread = Thread.currentThread().getId();
        long before = status("VmRSS");
        long taken = THREADS.getThreadAllocatedBytes(thread);
        call.run();
        taken = THREADS.getThreadAllocatedBytes(thread) - taken;
        return status("VmHWM") - before + taken / 1024;
    }

    private static long status(String name) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(name + ":")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException(name);
    }

    private static void say(String name, long nanoseconds, long kilobytes) {
        System.out.println(String.format(java.util.Locale.ROOT, "%s %.9f %d", name, nanoseconds * 1e-9, kilobytes));
    }

    private Timing() {}
}

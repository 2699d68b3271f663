import id.biocore.*;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * A right index finger captured twice: until the print is good, then again to be sure that it is the same finger; then
 * written as a standard record.
 *
 * <pre>
 * java -Dbiocore.library=build/c/lib -cp build/java/biocore.jar:/usr/share/java/jna.jar \
 *     bindings/java/example/CaptureFinger.java right-index.fmr [URI]
 * </pre>
 *
 * <p>Without a URI it is the virtual scanner, whose first finger is too dry.
 */
public final class CaptureFinger {
    private static final String VIRTUAL = "virtual:finger?sequence=DRY:0.9,GOOD";
    private static final int GOOD_ENOUGH = 40; // of 100; a station's profile says what holds there
    private static final double SAME_FINGER = 40; // one false match in 10,000
    private static final int ATTEMPTS = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Locale INDONESIAN = Locale.forLanguageTag("id");

    public static void main(String[] arguments) {
        if (arguments.length == 0) {
            System.err.println("CaptureFinger RECORD [URI]");
            System.exit(2);
        }
        String uri = arguments.length > 1 ? arguments[1] : VIRTUAL;
        try (Biocore biocore = Biocore.start();
                Device scanner = biocore.openDevice(uri)) {
            System.out.println("biocore " + biocore.version() + ", " + scanner.info());
            record(biocore, scanner, Path.of(arguments[0]));
        } catch (BiocoreException error) { // its message ends in what to do; a device's alone is hint()
            System.err.println(error.getMessage());
            System.exit(1);
        } catch (IOException error) {
            System.err.println("the record cannot be written: " + error);
            System.exit(1);
        }
    }

    private static void record(Biocore biocore, Device scanner, Path file) throws IOException {
        try (Template first = captureUntilGood(scanner);
                Template second = captureUntilGood(scanner)) {
            Comparison found = first.compare(second);
            System.out.printf(
                    Locale.ROOT,
                    "comparison %.1f, a false match rate of %.0e: %s%n",
                    found.score(),
                    found.fmr(),
                    found.score() >= SAME_FINGER ? "the same finger" : "another finger!");
            byte[] record = biocore.writeTemplates(List.of(first, second), TemplateFormat.FMR_2011);
            Files.write(file, record);
            System.out.println(file + ": " + record.length + " bytes, ISO/IEC 19794-2:2011");
        }
    }

    /** Capture until the print is good enough, or the attempts are used up; return its template. */
    private static Template captureUntilGood(Device scanner) {
        for (int attempt = 1; ; attempt++) {
            System.out.println("attempt " + attempt + ": place the right index finger / letakkan telunjuk kanan");
            try (Sample print = scanner.capture(PATIENCE, Position.RIGHT_INDEX, CaptureFinger::show)) {
                Report report = print.assess();
                show(report);
                if (report.score().orElse(0) >= GOOD_ENOUGH || attempt == ATTEMPTS) {
                    return print.extract();
                }
            }
        }
    }

    /** What a program with windows would draw. */
    private static void show(Event event) {
        event.frame().ifPresentOrElse(
                frame -> System.out.println("  " + event.kind() + ": " + frame),
                () -> System.out.println("  " + event.kind() + " " + event.detail()));
    }

    private static void show(Report report) {
        System.out.println("  score " + (report.score().isPresent() ? report.score().getAsInt() : report.reason()));
        System.out.println(report.causes().isEmpty() ? "  causes: none" : "  causes:");
        for (Cause cause : report.causes()) {
            System.out.printf(
                    Locale.ROOT,
                    "    %s %.2f: %s / %s%n",
                    cause.name(),
                    cause.confidence(),
                    cause.text(Locale.ENGLISH),
                    cause.text(INDONESIAN));
        }
        for (Advice advice : report.advice()) {
            System.out.println("  -> " + advice.text(Locale.ENGLISH) + " / " + advice.text(INDONESIAN));
        }
    }

    private CaptureFinger() {}
}

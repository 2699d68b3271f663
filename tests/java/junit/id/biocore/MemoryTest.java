package id.biocore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory: given back by who forgets, and not growing. Run with a heap that is all there from the beginning. */
@Timeout(120)
final class MemoryTest {
    private static final long ALLOWED_KB = 4_000; // one print left behind a round would be three times that
    private static final int ROUNDS = 60;
    private static final long ALLOWED_OF_LITTLE_KB = 1_000; // a kilobyte a round
    private static final int MANY = 1000; // rounds of little calls
    private static final int TURNS = 3; // in one of which it must stay below

    @Test
    void whatIsForgottenIsReleasedSomeDay() throws InterruptedException {
        try (Biocore biocore = Biocore.start()) {
            forget(biocore);
            for (int k = 0; k < 200 && biocore.liveHandles() > 0; k++) {
                System.gc();
                Thread.sleep(25);
            }
            assertEquals(0, biocore.liveHandles());
        }
    }

    private static void forget(Biocore biocore) {
        Sample sample = Prints.first(biocore);
        sample.extract();
        biocore.openDevice("virtual:finger");
        biocore.readRecord(Prints.RECORD);
        assertEquals(4, biocore.liveHandles());
    }

    @Test
    void manyCallsTakeNoMore() throws Exception {
        try (Biocore biocore = Biocore.start()) {
            for (int k = 0; k < ROUNDS / 2; k++) { // the engine's own caches, and Java's compiler
                everything(biocore, k);
            }
            assertStays(ALLOWED_KB, ROUNDS, k -> everything(biocore, k));
            assertEquals(0, biocore.liveHandles());
        }
    }

    @Test
    void notEvenLittleIsKeptOfEachCall() throws Exception {
        try (Biocore biocore = Biocore.start();
                Device scanner = biocore.openDevice("virtual:finger?width=160&height=160");
                Sample sample = Prints.first(biocore);
                Template finger = sample.extract();
                BiometricRecord record = biocore.readRecord(Prints.RECORD)) {
            Round little = k -> {
                record.info(); // blocks of some hundred bytes to some thousand
                record.convert(RecordFormat.FIR_2005);
                biocore.devices();
                scanner.cancel();
                finger.write(TemplateFormat.FMR_2011);
                finger.compare(finger);
                sample.frame();
                try (Sample again = record.sample(0);
                        Template same = biocore.readTemplates(finger.write(TemplateFormat.OWN)).get(0)) {
                    same.info();
                    again.frame();
                }
                assertThrows(IllegalArgumentException.class, () -> record.sample(99));
            };
            for (int k = 0; k < MANY; k++) {
                little.go(k);
            }
            assertStays(ALLOWED_OF_LITTLE_KB, MANY, little);
            assertEquals(4, biocore.liveHandles());
        }
    }

    private static void everything(Biocore biocore, int round) throws Exception {
        try (Device scanner = biocore.openDevice("virtual:finger?width=160&height=160&arrival=0&interval=0&previews=2");
                Sample live = scanner.capture(Duration.ofMinutes(1), Position.RIGHT_INDEX, event -> {});
                Sample sample = Prints.first(biocore);
                Template finger = sample.extract();
                BiometricRecord record = biocore.readRecord(Prints.RECORD)) {
            live.frame();
            sample.frame();
            sample.assess(finger);
            finger.info();
            finger.compare(finger);
            finger.search(List.of(finger, finger), 1);
            biocore.readTemplates(finger.write(TemplateFormat.FMR_2011)).forEach(Template::close);
            record.info();
            record.convert(RecordFormat.FIR_2005);
            scanner.info();
            biocore.devices();
            assertThrows(FormatException.class, () -> biocore.readTemplates(new byte[] {1, 2, 3}));
            Thread passing = new Thread(sample::frame); // threads come and go
            passing.start();
            passing.join();
        }
    }

    /** A leak comes with every round; what Java's compiler and the allocator take once more does not come again. */
    private static void assertStays(long allowed, int rounds, Round round) throws Exception {
        long grown = Long.MAX_VALUE;
        for (int turn = 0; turn < TURNS && grown >= allowed; turn++) {
            long before = kilobytes();
            for (int k = 0; k < rounds; k++) {
                round.go(k);
            }
            grown = kilobytes() - before;
            System.out.println("grown by " + grown + " kB in " + rounds + " rounds");
        }
        assertTrue(grown < allowed, grown + " kB, and no less in any of " + TURNS + " turns");
    }

    private interface Round {
        void go(int number) throws Exception;
    }

    private static long kilobytes() throws IOException {
        System.gc();
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(one -> one.startsWith("VmRSS"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}

package id.biocore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Captures: what is heard, who may end them, and what a device's faults become. */
@Timeout(60)
final class CapturesTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final String QUICK = "virtual:finger?width=96&height=96&arrival=0&interval=0&previews=1";
    private static final String NOBODY = "virtual:finger?arrival=3600";

    private final ExecutorService others = Executors.newCachedThreadPool();
    private Biocore biocore;

    @BeforeEach
    void start() {
        biocore = Biocore.start();
    }

    @AfterEach
    void nothingIsLeft() {
        others.shutdownNow();
        assertEquals(0, biocore.liveHandles());
        biocore.close();
    }

    @Test
    void everythingIsHeardInItsOrder() {
        List<Event> heard = Collections.synchronizedList(new ArrayList<>());
        try (Device scanner = biocore.openDevice("virtual:finger?previews=4");
                Sample sample = scanner.capture(LONG, Position.LEFT_INDEX, heard::add)) {
            assertEquals(Position.LEFT_INDEX, sample.frame().position());
            List<EventKind> kinds = heard.stream().map(Event::kind).collect(Collectors.toList());
            assertEquals(4, Collections.frequency(kinds, EventKind.PREVIEW));
            assertEquals(1, Collections.frequency(kinds, EventKind.CAPTURED));
            assertTrue(kinds.indexOf(EventKind.WAITING) < kinds.indexOf(EventKind.PRESENT));
            assertTrue(kinds.indexOf(EventKind.PRESENT) < kinds.indexOf(EventKind.PREVIEW));
            assertTrue(kinds.lastIndexOf(EventKind.PREVIEW) < kinds.indexOf(EventKind.CAPTURED));
            for (Event event : heard) { // long after they were lent
                boolean shows = event.kind() == EventKind.PREVIEW || event.kind() == EventKind.CAPTURED;
                assertEquals(shows, event.frame().isPresent());
                assertTrue(event.device().startsWith("virtual:finger"));
                event.frame().ifPresent(frame -> assertEquals(400 * 500, frame.pixels().length));
            }
            Frame last = heard.get(kinds.indexOf(EventKind.CAPTURED)).frame().orElseThrow();
            assertEquals(last.buffer(), sample.frame().buffer());
            int count = heard.size();
            scanner.capture(LONG).close(); // heard by nobody, the first listener neither
            assertEquals(count, heard.size());
        }
    }

    @Test
    void aDeviceSaysWhatItIs() {
        try (Device scanner = biocore.openDevice("virtual:finger?width=300&height=420")) {
            DeviceInfo info = scanner.info();
            assertEquals("virtual", info.driver());
            assertEquals(300, info.width());
            assertEquals(420, info.height());
            assertEquals(500.0, info.ppi().getAsDouble());
            assertTrue(info.synthetic());
            assertEquals("", info.unfit());
            assertEquals(Modality.FINGER, info.modality());
            assertFalse(info.maker().isEmpty());
        }
    }

    @Test
    void aListenerMayCallWhatItLikes() {
        AtomicReference<Double> score = new AtomicReference<>();
        try (Device scanner = biocore.openDevice("virtual:finger");
                Sample sample = scanner.capture(LONG, Position.RIGHT_INDEX, event -> event.frame()
                        .filter(frame -> event.kind() == EventKind.CAPTURED)
                        .ifPresent(frame -> {
                            try (Sample live = biocore.sampleOf(
                                            frame.pixels(), frame.width(), frame.height(), Position.RIGHT_INDEX, 500);
                                    Template finger = live.extract()) {
                                score.set(finger.compare(finger).score());
                            }
                            assertThrows(BiocoreException.class, () -> biocore.openDevice("nonsense:1"));
                        }))) {
            try (Template finger = sample.extract()) {
                assertEquals(finger.compare(finger).score(), score.get());
            }
        }
    }

    @Test
    void aListenerCannotStartOrEndWhatCallsIt() {
        try (Device scanner = biocore.openDevice("virtual:finger")) {
            for (Runnable call : List.<Runnable>of(biocore::close, Biocore::start)) {
                assertThrows(
                        IllegalStateException.class,
                        () -> scanner.capture(LONG, Position.RIGHT_INDEX, event -> call.run()));
            }
            scanner.capture(LONG).close(); // all is as it was
        }
    }

    @Test
    void whatAListenerThrowsEndsTheCaptureAndComesOut() {
        for (Throwable thrown : List.of(
                new ArithmeticException("mine"), new StackOverflowError("mine"), new IOException("undeclared"))) {
            for (EventKind when : List.of(EventKind.STATE, EventKind.PREVIEW, EventKind.CAPTURED)) {
                try (Device scanner = biocore.openDevice(QUICK)) {
                    Throwable caught = assertThrows(
                            Throwable.class,
                            () -> scanner.capture(LONG, Position.RIGHT_INDEX, event -> {
                                if (event.kind() == when) {
                                    throw Listeners.<RuntimeException>rethrow(thrown);
                                }
                            }));
                    assertSame(thrown, caught);
                    assertEquals(1, biocore.liveHandles()); // no sample that nobody has
                    scanner.capture(LONG).close();
                }
            }
        }
    }

    @Test
    void anotherThreadCancels() throws Exception {
        try (Device scanner = biocore.openDevice(NOBODY)) {
            endedBy(scanner, scanner::cancel);
            scanner.cancel(); // nothing runs: nothing happens
            endedBy(scanner, scanner::cancel); // and may capture again
        }
    }

    @Test
    void anotherThreadCloses() throws Exception {
        Device scanner = biocore.openDevice(NOBODY);
        endedBy(scanner, scanner::close);
        assertThrows(IllegalStateException.class, () -> scanner.capture(LONG));
    }

    @Test
    void aListenerCancelsOrCloses() {
        Device scanner = biocore.openDevice("virtual:finger");
        for (Runnable end : List.<Runnable>of(scanner::cancel, scanner::close)) {
            assertThrows(
                    CaptureCancelledException.class,
                    () -> scanner.capture(LONG, Position.RIGHT_INDEX, event -> end.run()));
        }
    }

    @Test
    void theEndOfTheEngineEndsACapture() throws Exception {
        Device scanner = biocore.openDevice(NOBODY);
        endedBy(scanner, () -> {
            biocore.close();
            biocore = Biocore.start();
        });
        scanner.close();
    }

    private void endedBy(Device scanner, Runnable end) throws Exception {
        CountDownLatch waits = new CountDownLatch(1);
        Future<Sample> capture = others.submit(() -> scanner.capture(LONG, Position.RIGHT_INDEX, event -> {
            if (event.kind() == EventKind.WAITING) {
                waits.countDown();
            }
        }));
        assertTrue(waits.await(30, TimeUnit.SECONDS));
        end.run();
        ExecutionException error =
                assertThrows(ExecutionException.class, () -> capture.get(20, TimeUnit.SECONDS)); // not ten minutes
        assertEquals(CaptureCancelledException.class, error.getCause().getClass());
    }

    @Test
    void twoThreadsDoNotCaptureAtOnce() throws Exception {
        try (Device scanner = biocore.openDevice(NOBODY)) {
            endedBy(scanner, () -> {
                assertThrows(DeviceBusyException.class, () -> scanner.capture(LONG));
                scanner.cancel();
            });
        }
    }

    @Test
    void deadlinesAndPositionsMakeSense() {
        try (Device scanner = biocore.openDevice("virtual:finger")) {
            for (Duration wrong : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofNanos(-1))) {
                assertThrows(IllegalArgumentException.class, () -> scanner.capture(wrong));
            }
            assertThrows(IllegalArgumentException.class, () -> scanner.capture(LONG, Position.RIGHT_EYE));
            assertThrows(NullPointerException.class, () -> scanner.capture(null));
            assertThrows(NullPointerException.class, () -> scanner.capture(LONG, null));
            assertThrows(NullPointerException.class, () -> scanner.capture(LONG, Position.RIGHT_INDEX, null));
            scanner.capture(Duration.ofSeconds(Long.MAX_VALUE)).close();
        }
    }

    @Test
    void aDevicesFaultsKeepTheirKind() {
        String faults = "no_finger:1,timeout:2,protocol:3,stall:4,disconnect:5";
        List<Class<? extends DeviceException>> kinds = List.of(
                SubjectTimeoutException.class,
                DeviceTimeoutException.class,
                DeviceProtocolException.class,
                DeviceStalledException.class,
                DeviceDisconnectedException.class);
        try (Device scanner = biocore.openDevice("virtual:finger?fail=" + faults)) {
            for (Class<? extends DeviceException> kind : kinds) {
                boolean waits = kind.getSimpleName().contains("Timeout"); // the others come when they come
                Duration deadline = waits ? Duration.ofMillis(300) : LONG;
                DeviceException error = assertThrows(kind, () -> scanner.capture(deadline, Position.RIGHT_INDEX));
                assertEquals(kind, error.getClass());
                assertTrue(error.device().startsWith("virtual:finger"));
                assertFalse(error.hint().isEmpty());
                assertTrue(error.getMessage().contains(error.hint()));
                assertEquals(kind.getSimpleName().replace("Exception", "Error"), error.name());
            }
        }
        assertThrows(DeviceBusyException.class, () -> biocore.openDevice("virtual:finger?fail=busy:1"));
        DriverNotFoundException nothing =
                assertThrows(DriverNotFoundException.class, () -> biocore.openDevice("nonsense:1"));
        assertEquals(ErrorCode.DRIVER_NOT_FOUND, nothing.code());
        DeviceNotFoundException foot =
                assertThrows(DeviceNotFoundException.class, () -> biocore.openDevice("virtual:foot"));
        assertEquals("virtual:foot", foot.device());
        assertThrows(BiocoreException.class, () -> biocore.openDevice(""));
    }
}

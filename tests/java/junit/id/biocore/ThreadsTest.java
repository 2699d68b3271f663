package id.biocore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many threads at once, on the same objects, with one of them closing. */
@Timeout(60)
final class ThreadsTest {
    private static final int THREADS = 8;
    private static final int SMALL_STACK = 256 << 10; // bytes; Java's usual one is a megabyte

    private final ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    private Biocore biocore;

    @BeforeEach
    void start() {
        biocore = Biocore.start();
    }

    @AfterEach
    void nothingIsLeft() {
        pool.shutdownNow();
        assertEquals(0, biocore.liveHandles());
        biocore.close();
    }

    private List<String> together(Callable<String> work) throws Exception {
        List<Future<String>> running = new ArrayList<>();
        for (int k = 0; k < THREADS; k++) {
            running.add(pool.submit(work));
        }
        List<String> answers = new ArrayList<>();
        for (Future<String> one : running) {
            answers.add(one.get());
        }
        return answers;
    }

    @Test
    void eightThreadsAnswerAsOneDoes() throws Exception {
        try (Sample first = Prints.first(biocore);
                Sample second = biocore.loadSample(Prints.SECOND, Position.RIGHT_INDEX, 500)) {
            Callable<String> work = () -> {
                StringBuilder said = new StringBuilder();
                for (int k = 0; k < 3; k++) {
                    try (Template one = first.extract();
                            Template other = second.extract()) {
                        said.append(first.assess()).append(one.compare(other).score());
                        said.append(first.frame().buffer().get(777));
                    }
                    try {
                        biocore.openDevice("nonsense:" + Thread.currentThread().getName());
                    } catch (DriverNotFoundException error) { // each thread's own
                        assertTrue(error.getMessage().contains(Thread.currentThread().getName()), error.getMessage());
                        said.append("refused");
                    }
                }
                return said.toString();
            };
            String alone = work.call();
            for (String answer : together(work)) {
                assertEquals(alone, answer);
            }
        }
    }

    @Test
    void whatIsClosedWhileOthersUseItEndsCleanly() throws Exception {
        for (int round = 0; round < 10; round++) {
            Sample sample = Prints.first(biocore);
            Template finger = sample.extract();
            byte middle = sample.frame().buffer().get(100_000);
            int before = round;
            for (String answer : together(() -> {
                int done = 0;
                try {
                    for (; ; done++) {
                        assertEquals(middle, sample.frame().buffer().get(100_000)); // lent, while another closes
                        assertTrue(finger.info().algorithm().startsWith("biocore.finger"));
                        if (done == before) {
                            sample.close();
                            finger.close();
                        }
                    }
                } catch (IllegalStateException error) {
                    return error.getMessage();
                }
            })) {
                assertTrue(answer.endsWith(" is closed"), answer);
            }
            assertEquals(0, biocore.liveHandles());
        }
    }

    @Test
    void theEngineEndsWhileOthersRead() throws Exception {
        for (int round = 0; round < 5; round++) {
            Sample sample = Prints.first(biocore);
            Future<?> reading = pool.submit(() -> {
                try {
                    while (true) {
                        assertEquals(400 * 500, sample.frame().pixels().length);
                    }
                } catch (IllegalStateException ended) {
                    return;
                }
            });
            Thread.sleep(20);
            biocore.close();
            reading.get();
            sample.close();
            biocore = Biocore.start();
        }
    }

    @Test
    void eightDevicesCaptureAtOnce() throws Exception {
        for (String answer : together(() -> {
            String mine = "virtual:finger?arrival=0.05&previews=2&finger=" + (1 + Thread.currentThread().getId() % 9);
            int[] heard = new int[1];
            try (Device scanner = biocore.openDevice(mine);
                    Sample sample = scanner.capture(java.time.Duration.ofMinutes(1), Position.RIGHT_INDEX, event -> {
                        assertEquals(mine, event.device()); // nobody hears another's
                        heard[0] += event.kind() == EventKind.PREVIEW ? 1 : 0;
                    })) {
                return sample.frame() + " " + heard[0];
            }
        })) {
            assertEquals("400 x 500 px at 500.0 px/inch 2", answer);
        }
    }

    @Test
    void aSmallStackIsEnough() throws Exception {
        FutureTask<Double> work = new FutureTask<>(() -> {
            try (Device scanner = biocore.openDevice("virtual:finger");
                    Sample sample = scanner.capture(java.time.Duration.ofMinutes(1), Position.RIGHT_INDEX, event -> {});
                    Template finger = sample.extract(Effort.ROBUST)) {
                sample.assess();
                return finger.compare(finger).score();
            }
        });
        Thread thread = new Thread(null, work, "small", SMALL_STACK);
        thread.start();
        try {
            assertTrue(work.get() > 40);
        } catch (ExecutionException error) {
            throw new AssertionError(error.getCause());
        }
    }
}

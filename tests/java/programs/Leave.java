import id.biocore.*;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Ends in the middle of a capture, and tells nobody: {@code Leave return|exit|stay}. */
public final class Leave {
    public static void main(String[] arguments) throws InterruptedException {
        Biocore biocore = Biocore.start();
        Device scanner = biocore.openDevice("virtual:finger?arrival=3600");
        CountDownLatch begun = new CountDownLatch(1);
        Thread waiting = new Thread(() -> {
            try {
                scanner.capture(Duration.ofHours(1), Position.RIGHT_THUMB, event -> {
                    System.out.println(event);
                    begun.countDown();
                });
            } catch (CaptureCancelledException error) {
                System.out.println("cancelled");
            }
        });
        waiting.setDaemon(true);
        waiting.start();
        begun.await();
        if (arguments[0].equals("exit")) {
            System.exit(7);
        }
        if (arguments[0].equals("stay")) { // until somebody ends the process
            waiting.join();
        }
    }

    private Leave() {}
}

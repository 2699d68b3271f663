import id.biocore.*;
import java.nio.file.Path;

/** Starts the engine and says so, or what was wrong: {@code Start [ENVIRONMENT]}. */
public final class Start {
    public static void main(String[] arguments) {
        try (Biocore biocore = arguments.length == 0 ? Biocore.start() : Biocore.start(Path.of(arguments[0]))) {
            System.out.println("biocore " + biocore.version() + " ABI " + biocore.abiVersion());
        } catch (StartException error) {
            System.out.println(error.code() + " " + error.name() + " " + error.getMessage());
            System.exit(1);
        }
    }

    private Start() {}
}

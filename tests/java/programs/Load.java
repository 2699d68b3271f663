import id.biocore.*;

/** Loads the C library without starting the engine, and says so, or what was wrong. */
public final class Load {
    public static void main(String[] arguments) {
        try {
            System.out.println("loaded " + ErrorCode.nameOf(ErrorCode.FORMAT));
        } catch (StartException error) {
            System.out.println(error.code() + " " + error.name() + " " + error.getMessage());
            System.exit(1);
        }
    }

    private Load() {}
}

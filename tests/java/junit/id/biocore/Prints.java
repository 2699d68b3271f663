package id.biocore;

import java.nio.file.Path;

/** The pictures that the tests are given. */
final class Prints {
    static final Path FOLDER = Path.of(System.getProperty("biocore.test.prints"));
    static final Path FIRST = FOLDER.resolve("a1_right_index.png");
    static final Path SECOND = FOLDER.resolve("a2_right_index.png");
    static final Path DRY = FOLDER.resolve("a3_dry.png");
    static final Path RECORD = FOLDER.resolve("two-fingers.fir");
    static final Path FACES = FOLDER.resolve("face.fac");
    static final Path FACE = FOLDER.resolve("face.png");

    static Sample first(Biocore biocore) {
        return biocore.loadSample(FIRST, Position.RIGHT_INDEX, 500);
    }

    private Prints() {}
}

package id.biocore;

import java.nio.ByteBuffer;
import java.util.OptionalDouble;

/** What a comparison of two templates found. */
public final class Comparison {
    private final double score;
    private final double fmr;
    private final OptionalDouble rotation;
    private final int pairs;
    private final String algorithm;

    Comparison(ByteBuffer from) {
        this.score = from.getDouble(Layouts.Comparison.SCORE);
        this.fmr = from.getDouble(Layouts.Comparison.FMR);
        this.rotation = Foreign.number(from.getDouble(Layouts.Comparison.ROTATION));
        this.pairs = from.getInt(Layouts.Comparison.PAIRS);
        this.algorithm = Foreign.constant(from.getLong(Layouts.Comparison.ALGORITHM));
    }

    /**
     * Tells how alike the two are: -10 log10 of the false match rate.
     *
     * @return 40 means one false match in 10,000 comparisons of different persons
     */
    public double score() {
        return score;
    }

    /**
     * Tells the same as a rate: how often two different persons look at least as alike.
     *
     * @return 0 to 1
     */
    public double fmr() {
        return fmr;
    }

    /**
     * Tells by how much an iris is turned.
     *
     * @return radians, counter-clockwise; empty of fingers
     */
    public OptionalDouble rotation() {
        return rotation;
    }

    /**
     * Tells how many minutiae were paired.
     *
     * @return the number; 0 of irises
     */
    public int pairs() {
        return pairs;
    }

    /**
     * Tells what compared them.
     *
     * @return the name, with its version
     */
    public String algorithm() {
        return algorithm;
    }

    @Override
    public String toString() {
        return "score " + score + " (" + algorithm + ")";
    }
}

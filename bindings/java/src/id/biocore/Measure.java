package id.biocore;

import com.sun.jna.Pointer;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** One measure of a picture's quality. */
public final class Measure {
    private final String name;
    private final OptionalDouble nativeValue;
    private final OptionalInt score;
    private final Status status;

    Measure(Pointer from) {
        this.name = Foreign.constant(from, Layouts.Measure.NAME);
        this.nativeValue = Foreign.number(from.getDouble(Layouts.Measure.NATIVE));
        this.score = Foreign.score(from.getInt(Layouts.Measure.SCORE));
        this.status = Status.of(from.getInt(Layouts.Measure.STATUS));
    }

    /**
     * Names the measure, as its standard does.
     *
     * @return the name
     */
    public String name() {
        return name;
    }

    /**
     * Tells the measure in its own unit.
     *
     * @return the value; empty where there is none
     */
    public OptionalDouble nativeValue() {
        return nativeValue;
    }

    /**
     * Tells the measure as a score.
     *
     * @return 0 to 100; empty where there is none
     */
    public OptionalInt score() {
        return score;
    }

    /**
     * Tells whether it could be measured.
     *
     * @return the status
     */
    public Status status() {
        return status;
    }

    @Override
    public String toString() {
        return name + " " + nativeValue + " " + score + " " + status;
    }
}

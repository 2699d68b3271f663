package id.biocore;

import com.sun.jna.Pointer;
import java.util.List;
import java.util.OptionalInt;

/** How good a picture is, why it is poor, and what to do about it. */
public final class Report {
    private final Position position;
    private final OptionalInt score;
    private final Status status;
    private final String algorithm;
    private final String reason;
    private final String source;
    private final List<Cause> causes;
    private final List<Advice> advice;
    private final List<Measure> measures;

    Report(Pointer from) {
        this.position = Position.told(from.getInt(Layouts.Report.MODALITY), from.getInt(Layouts.Report.POSITION));
        this.score = Foreign.score(from.getInt(Layouts.Report.SCORE));
        this.status = Status.of(from.getInt(Layouts.Report.STATUS));
        this.algorithm = Foreign.constant(from, Layouts.Report.ALGORITHM);
        this.reason = Foreign.text(from, Layouts.Report.REASON);
        this.source = Foreign.text(from, Layouts.Report.SOURCE);
        this.causes = Foreign.list(from, Layouts.Report.CAUSE_COUNT, Layouts.Report.CAUSES, Cause::new);
        this.advice = Foreign.list(from, Layouts.Report.ADVICE_COUNT, Layouts.Report.ADVICE, Advice::new);
        this.measures = Foreign.list(from, Layouts.Report.MEASURE_COUNT, Layouts.Report.MEASURES, Measure::new);
    }

    /**
     * Tells which finger or eye was said to be on it.
     *
     * @return the position
     */
    public Position position() {
        return position;
    }

    /**
     * Tells how good the picture is.
     *
     * @return 0 to 100; empty where it could not be assessed, and {@link #reason()} says why
     */
    public OptionalInt score() {
        return score;
    }

    /**
     * Tells whether it could be assessed.
     *
     * @return the status
     */
    public Status status() {
        return status;
    }

    /**
     * Tells what made the score, with its version: "biocore.finger/1".
     *
     * @return the name
     */
    public String algorithm() {
        return algorithm;
    }

    /**
     * Tells why there is no score.
     *
     * @return a sentence; "" where there is a score
     */
    public String reason() {
        return reason;
    }

    /**
     * Tells where the picture is from: a file, a device.
     *
     * @return the name
     */
    public String source() {
        return source;
    }

    /**
     * Tells why the picture is poor.
     *
     * @return the most certain cause first; never changes
     */
    public List<Cause> causes() {
        return causes;
    }

    /**
     * Tells what to do.
     *
     * @return the most useful first; never changes
     */
    public List<Advice> advice() {
        return advice;
    }

    /**
     * Tells everything that was measured.
     *
     * @return in the algorithm's order; never changes
     */
    public List<Measure> measures() {
        return measures;
    }

    /**
     * Tells what the picture shows.
     *
     * @return finger or iris
     */
    public Modality modality() {
        return position.modality();
    }

    @Override
    public String toString() {
        return source + ": " + (score.isPresent() ? "score " + score.getAsInt() : reason) + " " + causes;
    }
}

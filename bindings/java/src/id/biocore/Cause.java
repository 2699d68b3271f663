package id.biocore;

import com.sun.jna.Pointer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Why a picture is poor. */
public final class Cause {
    private final String name;
    private final String english;
    private final String indonesian;
    private final double confidence;
    private final Map<String, Double> evidence;

    Cause(Pointer from) {
        this.name = Foreign.constant(from, Layouts.Cause.NAME);
        this.english = Foreign.constant(from, Layouts.Cause.TEXT_EN);
        this.indonesian = Foreign.constant(from, Layouts.Cause.TEXT_ID);
        this.confidence = from.getDouble(Layouts.Cause.CONFIDENCE);
        this.evidence = evidence(from);
    }

    /**
     * Names the cause: "DRY".
     *
     * @return a word of biocore's list of causes
     */
    public String name() {
        return name;
    }

    /**
     * Tells the cause to a person, in English: "The finger is too dry."
     *
     * @return a sentence
     */
    public String english() {
        return english;
    }

    /**
     * Tells the cause to a person, in Indonesian.
     *
     * @return a sentence
     */
    public String indonesian() {
        return indonesian;
    }

    /**
     * Tells how certain the cause is.
     *
     * @return 0 to 1
     */
    public double confidence() {
        return confidence;
    }

    /**
     * Tells what was measured and led to it.
     *
     * @return names, each ending in its unit, in alphabetical order, with their values; never changes
     */
    public Map<String, Double> evidence() {
        return evidence;
    }

    /**
     * Tells the same to a person.
     *
     * @param language Indonesian where its language is "id", English otherwise
     * @return a sentence
     */
    public String text(Locale language) {
        return Foreign.INDONESIAN.contains(language.getLanguage()) ? indonesian : english;
    }

    private static Map<String, Double> evidence(Pointer from) {
        Map<String, Double> found = new LinkedHashMap<>();
        int count = from.getInt(Layouts.Cause.EVIDENCE_COUNT);
        if (count > 0) {
            for (Pointer item : from.getPointer(Layouts.Cause.EVIDENCE).getPointerArray(0, count)) {
                found.put(Foreign.constant(item, Layouts.Quantity.NAME), item.getDouble(Layouts.Quantity.VALUE));
            }
        }
        return Collections.unmodifiableMap(found);
    }

    @Override
    public String toString() {
        return name + " " + confidence + ": " + english;
    }
}

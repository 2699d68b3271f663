package id.biocore;

import com.sun.jna.Pointer;
import java.util.Locale;

/** What to do so that the next picture is better. */
public final class Advice {
    private final String code;
    private final String english;
    private final String indonesian;

    Advice(Pointer from) {
        this.code = Foreign.constant(from, Layouts.Advice.CODE);
        this.english = Foreign.constant(from, Layouts.Advice.TEXT_EN);
        this.indonesian = Foreign.constant(from, Layouts.Advice.TEXT_ID);
    }

    /**
     * Names the advice: "press_harder".
     *
     * @return a word of biocore's list
     */
    public String code() {
        return code;
    }

    /**
     * Tells the advice to a person, in English.
     *
     * @return a sentence
     */
    public String english() {
        return english;
    }

    /**
     * Tells the advice to a person, in Indonesian.
     *
     * @return a sentence
     */
    public String indonesian() {
        return indonesian;
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

    @Override
    public String toString() {
        return code + ": " + english;
    }
}

package id.biocore;

/** What a picture shows. */
public enum Modality {
    /** A fingerprint. */
    FINGER,
    /** An iris. */
    IRIS,
    /** A face: captured and handed on; nothing here assesses, extracts or compares it. */
    FACE;

    static Modality of(int number) {
        return values()[number];
    }
}

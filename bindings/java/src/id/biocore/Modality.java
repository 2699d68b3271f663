package id.biocore;

/** What a picture shows. */
public enum Modality {
    /** A fingerprint. */
    FINGER,
    /** An iris. */
    IRIS;

    static Modality of(int number) {
        return values()[number];
    }
}

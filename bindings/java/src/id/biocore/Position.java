package id.biocore;

/** Which finger or eye, or a face, the person's own: with the numbers of ISO/IEC 19794. */
public enum Position {
    /** A finger; which one, nobody said. */
    UNKNOWN_FINGER(Modality.FINGER, 0),
    /** The right thumb. */
    RIGHT_THUMB(Modality.FINGER, 1),
    /** The right index finger. */
    RIGHT_INDEX(Modality.FINGER, 2),
    /** The right middle finger. */
    RIGHT_MIDDLE(Modality.FINGER, 3),
    /** The right ring finger. */
    RIGHT_RING(Modality.FINGER, 4),
    /** The right little finger. */
    RIGHT_LITTLE(Modality.FINGER, 5),
    /** The left thumb. */
    LEFT_THUMB(Modality.FINGER, 6),
    /** The left index finger. */
    LEFT_INDEX(Modality.FINGER, 7),
    /** The left middle finger. */
    LEFT_MIDDLE(Modality.FINGER, 8),
    /** The left ring finger. */
    LEFT_RING(Modality.FINGER, 9),
    /** The left little finger. */
    LEFT_LITTLE(Modality.FINGER, 10),
    /** An eye; which one, nobody said. */
    UNKNOWN_EYE(Modality.IRIS, 0),
    /** The right eye. */
    RIGHT_EYE(Modality.IRIS, 1),
    /** The left eye. */
    LEFT_EYE(Modality.IRIS, 2),
    /** The face: a person has one. */
    FACE(Modality.FACE, 0);

    private final Modality modality;
    private final int number;

    Position(Modality modality, int number) {
        this.modality = modality;
        this.number = number;
    }

    /**
     * Tells whether it is a finger, an eye or a face.
     *
     * @return the modality
     */
    public Modality modality() {
        return modality;
    }

    /**
     * Tells the number that the standards have for it.
     *
     * @return 0 to 10 of fingers, 0 to 2 of eyes, 0 of faces
     */
    public int number() {
        return number;
    }

    /**
     * Returns the position that has a number.
     *
     * @param modality finger, eye or face
     * @param number as the standards have it
     * @return the position
     * @throws IllegalArgumentException where none has that number
     */
    public static Position of(Modality modality, int number) {
        for (Position position : values()) {
            if (position.modality == modality && position.number == number) {
                return position;
            }
        }
        throw new IllegalArgumentException(number + " is no position of " + modality);
    }

    /** The same of what the library says: a place that this jar does not know yet is an unknown one. */
    static Position told(int modality, int number) {
        Modality kind = Modality.of(modality);
        Position unknown = null;
        for (Position position : values()) {
            if (position.modality == kind && position.number == number) {
                return position;
            }
            unknown = position.modality == kind && position.number == 0 ? position : unknown;
        }
        return unknown;
    }
}

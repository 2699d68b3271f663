package id.biocore;

/** Whether something could be measured. */
public enum Status {
    /** It was. */
    OK,
    /** It does not apply to this picture, or was not looked at. */
    NOT_ASSESSED,
    /** It was tried, and could not be. */
    FAILED;

    static Status of(int number) {
        return number >= 0 && number < values().length ? values()[number] : FAILED;
    }
}

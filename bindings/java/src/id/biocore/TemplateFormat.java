package id.biocore;

/**
 * How templates are written.
 *
 * <p>{@link #OWN} keeps every bit and takes one template of a finger or an eye; the others are standard records of
 * one or more fingers, and round.
 */
public enum TemplateFormat {
    /** Biocore's own. */
    OWN,
    /** ISO/IEC 19794-2:2005. */
    FMR_2005,
    /** ISO/IEC 19794-2:2011. */
    FMR_2011,
    /** ANSI INCITS 378-2004. */
    ANSI_2004,
    /** ANSI INCITS 378-2009. */
    ANSI_2009,
    /** ANSI INCITS 378-2009 with amendment 1. */
    ANSI_2009_AM1
}

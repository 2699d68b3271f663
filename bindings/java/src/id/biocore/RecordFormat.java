package id.biocore;

/** What a standard record can be written as. */
public enum RecordFormat {
    /** Minutiae: ISO/IEC 19794-2:2005. */
    FMR_2005("fmr-2005"),
    /** Minutiae: ISO/IEC 19794-2:2011. */
    FMR_2011("fmr-2011"),
    /** Minutiae: ANSI INCITS 378-2004. */
    ANSI_2004("ansi-2004"),
    /** Minutiae: ANSI INCITS 378-2009. */
    ANSI_2009("ansi-2009"),
    /** Minutiae: ANSI INCITS 378-2009 with amendment 1. */
    ANSI_2009_AM1("ansi-2009am1"),
    /** Pictures of fingers: ISO/IEC 19794-4:2005. */
    FIR_2005("fir-2005"),
    /** Pictures of fingers: ISO/IEC 19794-4:2011. */
    FIR_2011("fir-2011"),
    /** Pictures of irises: ISO/IEC 19794-6:2005. */
    IIR_2005("iir-2005"),
    /** Pictures of irises: ISO/IEC 19794-6:2011. */
    IIR_2011("iir-2011"),
    /** An ANSI/NIST-ITL transaction. */
    ITL("itl"),
    /** CBEFF in XML, as MOSIP uses it. */
    CBEFF("cbeff"),
    /** No record: the one picture in it, as PNG. */
    PNG("png");

    final String word;

    RecordFormat(String word) {
        this.word = word;
    }
}

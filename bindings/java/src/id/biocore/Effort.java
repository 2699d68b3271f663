package id.biocore;

/** How much work an extraction does. */
public enum Effort {
    /** What suits almost every print, in milliseconds. */
    FAST,
    /** For difficult prints: several enhancements, and the learned detector where it is installed. */
    ROBUST
}

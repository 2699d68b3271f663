package id.biocore;

/** How the pictures of a record are compressed. */
public enum PixelCoding {
    /** As they are. */
    KEEP("keep"),
    /** Not at all. */
    RAW("raw"),
    /** PNG. */
    PNG("png"),
    /** JPEG 2000, without loss. */
    JPEG_2000("jp2"),
    /** JPEG 2000, with loss. */
    JPEG_2000_LOSSY("jp2-lossy"),
    /** WSQ, where that is installed. */
    WSQ("wsq");

    final String word;

    PixelCoding(String word) {
        this.word = word;
    }
}

package id.biocore;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** What a template is. */
public final class TemplateInfo {
    private final Position position;
    private final int width;
    private final int height;
    private final OptionalDouble ppi;
    private final OptionalInt minutiae;
    private final OptionalDouble usable;
    private final OptionalInt imageQuality;
    private final String algorithm;

    TemplateInfo(ByteBuffer from) {
        this.position = Position.told(
                from.getInt(Layouts.TemplateInfo.MODALITY), from.getInt(Layouts.TemplateInfo.POSITION));
        this.width = from.getInt(Layouts.TemplateInfo.WIDTH);
        this.height = from.getInt(Layouts.TemplateInfo.HEIGHT);
        this.ppi = Foreign.number(from.getDouble(Layouts.TemplateInfo.PPI));
        this.minutiae = Foreign.score(from.getInt(Layouts.TemplateInfo.MINUTIAE));
        this.usable = Foreign.number(from.getDouble(Layouts.TemplateInfo.USABLE));
        this.imageQuality = Foreign.score(from.getInt(Layouts.TemplateInfo.IMAGE_QUALITY));
        this.algorithm = Foreign.text(new Pointer(from.getLong(Layouts.TemplateInfo.ALGORITHM)));
    }

    /**
     * Tells which finger or eye it is of.
     *
     * @return the position
     */
    public Position position() {
        return position;
    }

    /**
     * Tells what it is of.
     *
     * @return finger or iris
     */
    public Modality modality() {
        return position.modality();
    }

    /**
     * Tells how wide the picture was.
     *
     * @return px
     */
    public int width() {
        return width;
    }

    /**
     * Tells how high the picture was.
     *
     * @return px
     */
    public int height() {
        return height;
    }

    /**
     * Tells the resolution of its coordinates.
     *
     * @return px/inch; empty of irises
     */
    public OptionalDouble ppi() {
        return ppi;
    }

    /**
     * Tells how many minutiae it has.
     *
     * @return the number; empty of irises
     */
    public OptionalInt minutiae() {
        return minutiae;
    }

    /**
     * Tells how much of an iris can be used.
     *
     * @return a share, 0 to 1; empty of fingers
     */
    public OptionalDouble usable() {
        return usable;
    }

    /**
     * Tells the quality of the picture that it keeps.
     *
     * @return 0 to 100; empty where it is not known
     */
    public OptionalInt imageQuality() {
        return imageQuality;
    }

    /**
     * Tells what extracted it.
     *
     * @return the name, with its version
     */
    public String algorithm() {
        return algorithm;
    }

    @Override
    public String toString() {
        return position + ", " + algorithm + (minutiae.isPresent() ? ", " + minutiae.getAsInt() + " minutiae" : "");
    }
}

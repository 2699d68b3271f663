package id.biocore;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A picture: 8-bit grey, rows without padding, from the top left. Fingers have dark ridges on a light ground.
 *
 * <p>For a screen:
 *
 * <pre>{@code
 * var image = new BufferedImage(frame.width(), frame.height(), BufferedImage.TYPE_BYTE_GRAY);
 * image.getRaster().setDataElements(0, 0, frame.width(), frame.height(), frame.pixels());
 * }</pre>
 */
public final class Frame {
    private static final int CHANNELS = 3; // red, green, blue

    private final Position position;
    private final int width;
    private final int height;
    private final OptionalDouble ppi;
    private final byte[] pixels;
    private final byte[] colours;

    Frame(Pointer from) {
        this(from.getByteBuffer(0, Layouts.Picture.OF.size()).order(ByteOrder.nativeOrder()));
    }

    /** Copy a picture, while its pixels are lent. */
    Frame(ByteBuffer from) {
        this.position = Position.told(
                from.getInt(Layouts.Picture.MODALITY), from.getInt(Layouts.Picture.POSITION));
        this.width = from.getInt(Layouts.Picture.WIDTH);
        this.height = from.getInt(Layouts.Picture.HEIGHT);
        this.ppi = Foreign.number(from.getDouble(Layouts.Picture.PPI));
        this.pixels = new Pointer(from.getLong(Layouts.Picture.PIXELS))
                .getByteArray(0, Math.multiplyExact(width, height));
        long colour = from.getLong(Layouts.Picture.COLOUR);
        this.colours =
                colour == 0 ? null : new Pointer(colour).getByteArray(0, Math.multiplyExact(CHANNELS, pixels.length));
    }

    /**
     * Tells what it shows.
     *
     * @return the position; an unknown one of live frames
     */
    public Position position() {
        return position;
    }

    /**
     * Tells how wide it is.
     *
     * @return px
     */
    public int width() {
        return width;
    }

    /**
     * Tells how high it is.
     *
     * @return px
     */
    public int height() {
        return height;
    }

    /**
     * Tells its resolution.
     *
     * @return px/inch; empty of cameras
     */
    public OptionalDouble ppi() {
        return ppi;
    }

    /**
     * Returns its pixels, row by row.
     *
     * @return a copy of {@code width * height} bytes, each 0 to 255: {@code pixels[k] & 0xFF}
     */
    public byte[] pixels() {
        return pixels.clone();
    }

    /**
     * Returns its pixels, row by row, without copying them.
     *
     * @return a buffer of its own that cannot be written to
     */
    public ByteBuffer buffer() {
        return ByteBuffer.wrap(pixels).asReadOnlyBuffer();
    }

    /**
     * Returns the same picture in colour, which cameras of faces give.
     *
     * @return a copy of {@code 3 * width * height} bytes: red, green and blue of each pixel; empty of fingers and eyes
     */
    public Optional<byte[]> colours() {
        return Optional.ofNullable(colours).map(byte[]::clone);
    }

    @Override
    public String toString() {
        return width + " x " + height + " px" + (ppi.isPresent() ? " at " + ppi.getAsDouble() + " px/inch" : "");
    }
}

package id.biocore;

import com.sun.jna.Pointer;
import java.util.OptionalDouble;

/** What a scanner or camera is. */
public final class DeviceInfo {
    private final String uri;
    private final String driver;
    private final String maker;
    private final String model;
    private final String serial;
    private final Modality modality;
    private final OptionalDouble ppi;
    private final int width;
    private final int height;
    private final String unfit;
    private final boolean synthetic;

    DeviceInfo(Pointer from) {
        this.uri = Foreign.text(from, Layouts.DeviceInfo.URI);
        this.driver = Foreign.text(from, Layouts.DeviceInfo.DRIVER);
        this.maker = Foreign.text(from, Layouts.DeviceInfo.MAKER);
        this.model = Foreign.text(from, Layouts.DeviceInfo.MODEL);
        this.serial = Foreign.text(from, Layouts.DeviceInfo.SERIAL);
        this.modality = Modality.of(from.getInt(Layouts.DeviceInfo.MODALITY));
        this.ppi = Foreign.number(from.getDouble(Layouts.DeviceInfo.PPI));
        this.width = from.getInt(Layouts.DeviceInfo.WIDTH);
        this.height = from.getInt(Layouts.DeviceInfo.HEIGHT);
        this.unfit = Foreign.text(from, Layouts.DeviceInfo.UNFIT);
        this.synthetic = from.getInt(Layouts.DeviceInfo.SYNTHETIC) != 0;
    }

    /**
     * Tells what it is opened by.
     *
     * @return the URI
     */
    public String uri() {
        return uri;
    }

    /**
     * Names its driver.
     *
     * @return the name
     */
    public String driver() {
        return driver;
    }

    /**
     * Names who made it.
     *
     * @return the name; "" where it is not known
     */
    public String maker() {
        return maker;
    }

    /**
     * Names its model.
     *
     * @return the name; "" where it is not known
     */
    public String model() {
        return model;
    }

    /**
     * Tells its serial number.
     *
     * @return the number; "" where it is not known
     */
    public String serial() {
        return serial;
    }

    /**
     * Tells what it captures.
     *
     * @return finger, iris or face
     */
    public Modality modality() {
        return modality;
    }

    /**
     * Tells its resolution.
     *
     * @return px/inch; empty where it is not fixed
     */
    public OptionalDouble ppi() {
        return ppi;
    }

    /**
     * Tells how wide its pictures are.
     *
     * @return px; 0 where that varies
     */
    public int width() {
        return width;
    }

    /**
     * Tells how high its pictures are.
     *
     * @return px; 0 where that varies
     */
    public int height() {
        return height;
    }

    /**
     * Tells why its pictures must not enrol anybody.
     *
     * @return a sentence; "" where they may
     */
    public String unfit() {
        return unfit;
    }

    /**
     * Tells whether what it shows was never a finger or an eye.
     *
     * @return true of virtual devices
     */
    public boolean synthetic() {
        return synthetic;
    }

    @Override
    public String toString() {
        return uri + " (" + maker + " " + model + ", driver " + driver + ")";
    }
}

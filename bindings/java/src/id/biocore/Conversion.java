package id.biocore;

import com.sun.jna.Pointer;
import java.util.List;

/** A record written as another. */
public final class Conversion {
    private final byte[] data;
    private final List<String> lost;

    Conversion(Pointer from) {
        this.data = Foreign.bytes(from, Layouts.Conversion.SIZE, Layouts.Conversion.DATA);
        this.lost = Foreign.list(from, Layouts.Conversion.LOST_COUNT, Layouts.Conversion.LOST, Foreign::text);
    }

    /**
     * Returns the new record.
     *
     * @return a copy of its bytes
     */
    public byte[] data() {
        return data.clone();
    }

    /**
     * Tells what the other format cannot say.
     *
     * @return sentences; never changes
     */
    public List<String> lost() {
        return lost;
    }

    @Override
    public String toString() {
        return data.length + " bytes, lost: " + lost;
    }
}

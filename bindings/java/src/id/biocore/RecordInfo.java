package id.biocore;

import com.sun.jna.Pointer;
import java.util.List;

/** What a standard record holds. */
public final class RecordInfo {
    private final String kind;
    private final int images;
    private final int templates;
    private final List<Absence> absences;
    private final List<String> remarks;

    RecordInfo(Pointer from) {
        this.kind = Foreign.constant(from, Layouts.RecordInfo.KIND);
        this.images = from.getInt(Layouts.RecordInfo.IMAGE_COUNT);
        this.templates = from.getInt(Layouts.RecordInfo.TEMPLATE_COUNT);
        this.absences = Foreign.list(from, Layouts.RecordInfo.ABSENCE_COUNT, Layouts.RecordInfo.ABSENCES, Absence::new);
        this.remarks = Foreign.list(from, Layouts.RecordInfo.REMARK_COUNT, Layouts.RecordInfo.REMARKS, Foreign::text);
    }

    /**
     * Names the kind of record.
     *
     * @return "fmr-2005", "fir-2011", "iir-2011", "itl", "cbeff", ...
     */
    public String kind() {
        return kind;
    }

    /**
     * Tells how many pictures it holds.
     *
     * @return the number
     */
    public int images() {
        return images;
    }

    /**
     * Tells how many templates it holds.
     *
     * @return the number
     */
    public int templates() {
        return templates;
    }

    /**
     * Tells which fingers and eyes it says are missing.
     *
     * @return never changes
     */
    public List<Absence> absences() {
        return absences;
    }

    /**
     * Tells what is odd in its bytes.
     *
     * @return sentences; never changes
     */
    public List<String> remarks() {
        return remarks;
    }

    @Override
    public String toString() {
        return kind + ": " + images + " pictures, " + templates + " templates";
    }
}

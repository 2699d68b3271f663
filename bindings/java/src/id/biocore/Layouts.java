package id.biocore;

import java.util.List;

/** The structures of {@code biocore.h}: the offset of each member, in bytes. */
final class Layouts {
    static final class Error {
        static final Layout OF = new Layout("biocore_error");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int CODE = OF.int32("code");
        static final int NAME = OF.wide("name");
        static final int MESSAGE = OF.wide("message");
        static final int DEVICE = OF.wide("device");
        static final int STATE = OF.wide("state");
        static final int HINT = OF.wide("hint");
        static final int FILE = OF.wide("file");
        static final int OFFSET = OF.wide("offset");

        private Error() {}
    }

    static final class Picture {
        static final Layout OF = new Layout("biocore_picture");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int MODALITY = OF.int32("modality");
        static final int POSITION = OF.int32("position");
        static final int WIDTH = OF.int32("width");
        static final int HEIGHT = OF.int32("height");
        static final int PPI = OF.wide("ppi");
        static final int PIXELS = OF.wide("pixels");
        static final int COLOUR = OF.wide("colour");

        private Picture() {}
    }

    static final class Quantity {
        static final Layout OF = new Layout("biocore_quantity");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int NAME = OF.wide("name");
        static final int VALUE = OF.wide("value");

        private Quantity() {}
    }

    static final class Cause {
        static final Layout OF = new Layout("biocore_cause");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int NAME = OF.wide("name");
        static final int TEXT_EN = OF.wide("text_en");
        static final int TEXT_ID = OF.wide("text_id");
        static final int CONFIDENCE = OF.wide("confidence");
        static final int EVIDENCE_COUNT = OF.int32("evidence_count");
        static final int EVIDENCE = OF.wide("evidence");

        private Cause() {}
    }

    static final class Advice {
        static final Layout OF = new Layout("biocore_advice");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int CODE = OF.wide("code");
        static final int TEXT_EN = OF.wide("text_en");
        static final int TEXT_ID = OF.wide("text_id");

        private Advice() {}
    }

    static final class Measure {
        static final Layout OF = new Layout("biocore_measure");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int NAME = OF.wide("name");
        static final int NATIVE = OF.wide("native");
        static final int SCORE = OF.int32("score");
        static final int STATUS = OF.int32("status");

        private Measure() {}
    }

    static final class Report {
        static final Layout OF = new Layout("biocore_report");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int MODALITY = OF.int32("modality");
        static final int POSITION = OF.int32("position");
        static final int SCORE = OF.int32("score");
        static final int STATUS = OF.int32("status");
        static final int ALGORITHM = OF.wide("algorithm");
        static final int REASON = OF.wide("reason");
        static final int SOURCE = OF.wide("source");
        static final int CAUSE_COUNT = OF.int32("cause_count");
        static final int CAUSES = OF.wide("causes");
        static final int ADVICE_COUNT = OF.int32("advice_count");
        static final int ADVICE = OF.wide("advice");
        static final int MEASURE_COUNT = OF.int32("measure_count");
        static final int MEASURES = OF.wide("measures");

        private Report() {}
    }

    static final class TemplateInfo {
        static final Layout OF = new Layout("biocore_template_info");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int MODALITY = OF.int32("modality");
        static final int POSITION = OF.int32("position");
        static final int WIDTH = OF.int32("width");
        static final int HEIGHT = OF.int32("height");
        static final int PPI = OF.wide("ppi");
        static final int MINUTIAE = OF.int32("minutiae");
        static final int USABLE = OF.wide("usable");
        static final int IMAGE_QUALITY = OF.int32("image_quality");
        static final int ALGORITHM = OF.wide("algorithm");

        private TemplateInfo() {}
    }

    static final class Bytes {
        static final Layout OF = new Layout("biocore_bytes");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int SIZE = OF.wide("size");
        static final int DATA = OF.wide("data");

        private Bytes() {}
    }

    static final class Comparison {
        static final Layout OF = new Layout("biocore_comparison");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int SCORE = OF.wide("score");
        static final int FMR = OF.wide("fmr");
        static final int ROTATION = OF.wide("rotation");
        static final int PAIRS = OF.int32("pairs");
        static final int ALGORITHM = OF.wide("algorithm");

        private Comparison() {}
    }

    static final class DeviceInfo {
        static final Layout OF = new Layout("biocore_device_info");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int URI = OF.wide("uri");
        static final int DRIVER = OF.wide("driver");
        static final int MAKER = OF.wide("maker");
        static final int MODEL = OF.wide("model");
        static final int SERIAL = OF.wide("serial");
        static final int MODALITY = OF.int32("modality");
        static final int PPI = OF.wide("ppi");
        static final int WIDTH = OF.int32("width");
        static final int HEIGHT = OF.int32("height");
        static final int UNFIT = OF.wide("unfit");
        static final int SYNTHETIC = OF.int32("synthetic");

        private DeviceInfo() {}
    }

    static final class DeviceList {
        static final Layout OF = new Layout("biocore_device_list");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int COUNT = OF.int32("count");
        static final int DEVICES = OF.wide("devices");

        private DeviceList() {}
    }

    static final class Event {
        static final Layout OF = new Layout("biocore_event");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int KIND = OF.int32("kind");
        static final int DEVICE = OF.wide("device");
        static final int DETAIL = OF.wide("detail");
        static final int PICTURE = OF.wide("picture");

        private Event() {}
    }

    static final class Absence {
        static final Layout OF = new Layout("biocore_absence");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int MODALITY = OF.int32("modality");
        static final int POSITION = OF.int32("position");
        static final int REASON = OF.wide("reason");

        private Absence() {}
    }

    static final class RecordInfo {
        static final Layout OF = new Layout("biocore_record_info");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int KIND = OF.wide("kind");
        static final int IMAGE_COUNT = OF.int32("image_count");
        static final int TEMPLATE_COUNT = OF.int32("template_count");
        static final int ABSENCE_COUNT = OF.int32("absence_count");
        static final int ABSENCES = OF.wide("absences");
        static final int REMARK_COUNT = OF.int32("remark_count");
        static final int REMARKS = OF.wide("remarks");

        private RecordInfo() {}
    }

    static final class Conversion {
        static final Layout OF = new Layout("biocore_conversion");
        static final int STRUCT_SIZE = OF.int32("struct_size");
        static final int SIZE = OF.wide("size");
        static final int DATA = OF.wide("data");
        static final int LOST_COUNT = OF.int32("lost_count");
        static final int LOST = OF.wide("lost");

        private Conversion() {}
    }

    /** Every structure, in the header's order. */
    static final List<Layout> ALL =
            List.of(
                    Error.OF,
                    Picture.OF,
                    Quantity.OF,
                    Cause.OF,
                    Advice.OF,
                    Measure.OF,
                    Report.OF,
                    TemplateInfo.OF,
                    Bytes.OF,
                    Comparison.OF,
                    DeviceInfo.OF,
                    DeviceList.OF,
                    Event.OF,
                    Absence.OF,
                    RecordInfo.OF,
                    Conversion.OF);

    private Layouts() {}
}

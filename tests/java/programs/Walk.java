import id.biocore.*;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** What the engine says, printed line by line for the test to compare: {@code Walk PRINT PRINT IMAGE-RECORD}. */
public final class Walk {
    public static void main(String[] arguments) {
        try (Biocore biocore = Biocore.start();
                Sample first = biocore.loadSample(Path.of(arguments[0]), Position.RIGHT_INDEX, 500);
                Sample second = biocore.loadSample(Path.of(arguments[1]), Position.RIGHT_INDEX, 500);
                BiometricRecord record = biocore.readRecord(Path.of(arguments[2]))) {
            report(first.assess());
            try (Template finger = first.extract();
                    Template other = second.extract(Effort.FAST)) {
                say("own " + first.assess(finger).measures());
                templates(biocore, finger, other);
            }
            record(record);
            for (DeviceInfo device : biocore.devices()) {
                say("device " + device.uri() + " " + device.driver() + " " + device.modality().ordinal());
            }
            eye(biocore);
            say("live " + biocore.liveHandles()); // two samples and a record
        }
    }

    private static void report(Report report) {
        say("score " + number(report.score()));
        say("algorithm " + report.algorithm());
        say("source " + report.source());
        say("position " + report.position().number());
        for (Cause cause : report.causes()) {
            String texts = cause.english() + " / " + cause.text(Locale.forLanguageTag("id"));
            say("cause " + cause.name() + " " + cause.confidence() + " " + texts);
            cause.evidence().forEach((name, value) -> say("evidence " + cause.name() + " " + name + " " + value));
        }
        for (Advice advice : report.advice()) {
            say("advice " + advice.code() + " " + advice.text(Locale.ENGLISH) + " / " + advice.indonesian());
        }
        for (Measure measure : report.measures()) {
            say("measure " + measure.name() + " " + number(measure.nativeValue()) + " " + number(measure.score()) + " "
                    + measure.status().ordinal());
        }
    }

    private static void templates(Biocore biocore, Template finger, Template other) {
        TemplateInfo info = finger.info();
        say("template " + info.algorithm() + " " + info.position().number() + " " + info.width() + " " + info.height()
                + " " + number(info.ppi()) + " " + number(info.minutiae()));
        Comparison found = finger.compare(other);
        say("compare " + found.score() + " " + found.fmr() + " " + found.pairs());
        double[] scores = finger.search(List.of(finger, other), 1);
        say("search " + scores[0] + " " + scores[1]);
        try (Template fused = biocore.fuse(List.of(finger, other))) {
            say("fused " + number(fused.info().minutiae()));
        }
        for (TemplateFormat format : TemplateFormat.values()) {
            byte[] written = finger.write(format);
            say("written-" + format.ordinal() + " " + hex(written));
            List<Template> again = biocore.readTemplates(written);
            if (again.size() != 1) {
                throw new AssertionError(again.size() + " templates");
            }
            if (format == TemplateFormat.OWN && again.get(0).compare(other).score() != found.score()) {
                throw new AssertionError("a bit is lost");
            }
            again.forEach(Template::close);
        }
    }

    private static void record(BiometricRecord record) {
        RecordInfo info = record.info();
        say("record " + info.kind() + " " + info.images() + " " + info.templates());
        for (Absence absence : info.absences()) {
            say("absence " + absence.position().modality().ordinal() + " " + absence.position().number() + " "
                    + absence.reason());
        }
        info.remarks().forEach(remark -> say("remark " + remark));
        try (Sample sample = record.sample(0)) {
            Frame frame = sample.frame();
            say("picture " + frame.position().modality().ordinal() + " " + frame.position().number() + " "
                    + frame.width() + " " + frame.height() + " " + number(frame.ppi()));
            say("row " + hex(Arrays.copyOf(frame.pixels(), frame.width())));
        }
        Conversion made = record.convert(RecordFormat.FIR_2005);
        say("converted " + hex(made.data()));
        made.lost().forEach(text -> say("lost " + text));
    }

    private static void eye(Biocore biocore) {
        try (Device camera = biocore.openDevice("virtual:iris?seed=7&eye=right&sequence=GOOD");
                Sample eye = camera.capture(java.time.Duration.ofMinutes(1), Position.RIGHT_EYE);
                Template code = eye.extract()) {
            Report report = eye.assess();
            Comparison itself = code.compare(code);
            say("eye " + number(report.score()) + " " + report.algorithm() + " "
                    + report.measures().size() + " " + number(code.info().usable()) + " " + itself.score() + " "
                    + number(itself.rotation()));
        }
    }

    private static String number(OptionalInt value) {
        return String.valueOf(value.orElse(-1));
    }

    private static String number(OptionalDouble value) {
        return String.valueOf(value.orElse(Double.NaN));
    }

    private static String hex(byte[] data) {
        StringBuilder text = new StringBuilder();
        for (byte value : data) {
            text.append(String.format("%02x", value));
        }
        return text.toString();
    }

    private static void say(String line) {
        System.out.println(line);
    }

    private Walk() {}
}

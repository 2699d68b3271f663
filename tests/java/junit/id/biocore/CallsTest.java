package id.biocore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls: what they return, what they refuse, and how what they return is closed. */
final class CallsTest {
    private Biocore biocore;

    @BeforeEach
    void start() {
        biocore = Biocore.start();
        assertEquals(0, biocore.liveHandles());
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(0, biocore.liveHandles());
        biocore.close();
    }

    // -- samples -----------------------------------------------------------------------------------

    @Test
    void aPictureIsTheSameByEveryDoor(@TempDir Path folder) throws IOException {
        byte[] file = Files.readAllBytes(Prints.FIRST);
        Path strange = folder.resolve("jari kanan \u6307.png"); // whatever the locale makes of it
        Files.write(strange, file);
        Path archive = folder.resolve("prints.zip");
        try (FileSystem zip = FileSystems.newFileSystem(
                java.net.URI.create("jar:" + archive.toUri()), Map.of("create", "true"))) {
            Files.write(zip.getPath("/print.png"), file);
            try (Sample loaded = Prints.first(biocore);
                    Sample named = biocore.loadSample(strange, Position.RIGHT_INDEX, 500);
                    Sample tagged = biocore.loadSample(Prints.FIRST, Position.RIGHT_INDEX);
                    Sample packed = biocore.loadSample(zip.getPath("/print.png"), Position.RIGHT_INDEX, 500);
                    Sample decoded = biocore.decodeSample(file, Position.RIGHT_INDEX, Double.NaN)) {
                Frame frame = loaded.frame();
                assertEquals("400 x 500 px at 500.0 px/inch", frame.toString());
                assertEquals(Position.RIGHT_INDEX, frame.position());
                assertTrue(frame.colours().isEmpty());
                for (Sample other : List.of(named, tagged, packed, decoded)) {
                    assertArrayEquals(frame.pixels(), other.frame().pixels());
                    assertEquals(500.0, other.frame().ppi().getAsDouble());
                }
                assertEquals(strange.toString(), named.assess().source());
            }
        }
    }

    @Test
    void pixelsInRowsWithPaddingAreTakenAsTheyLie() {
        byte[] rows = {1, 2, 9, 9, 3, (byte) 250}; // nothing behind the last pixel
        try (Sample eye = biocore.sampleOf(rows, 2, 2, 4, Position.LEFT_EYE, Double.NaN, "mata")) {
            Frame frame = eye.frame();
            assertArrayEquals(new byte[] {1, 2, 3, (byte) 250}, frame.pixels());
            assertTrue(frame.ppi().isEmpty());
            assertEquals(Position.LEFT_EYE, frame.position());
            assertThrows(ExtractionException.class, eye::extract);
            assertEquals("mata", eye.assess().source());
            frame.pixels()[0] = 77; // a copy
            assertEquals(1, frame.pixels()[0]);
            assertEquals(250, frame.buffer().get(3) & 0xFF);
            assertThrows(ReadOnlyBufferException.class, () -> frame.buffer().put(0, (byte) 7));
        }
    }

    @Test
    void whatIsNoPictureIsRefused() {
        byte[] four = new byte[4];
        Position finger = Position.RIGHT_INDEX;
        int[][] sizes = {{3, 2}, {2, 1}, {-2, -2}, {0, 0}, {-1, 4}, {1 << 30, 1 << 30}, {1 << 16, 1 << 16}};
        for (int[] size : sizes) {
            assertThrows(
                    IllegalArgumentException.class, () -> biocore.sampleOf(four, size[0], size[1], finger, 500));
        }
        for (int stride : new int[] {1, 0, -1, 3, Integer.MAX_VALUE}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> biocore.sampleOf(four, 2, 2, stride, finger, 500, "memory"));
        }
        assertThrows(IllegalArgumentException.class, () -> biocore.sampleOf(new byte[0], 0, 0, finger, 500));
        assertThrows(
                IllegalArgumentException.class, () -> biocore.sampleOf(four, 2, 2, 2, finger, 500, "a\0b"));
        for (double ppi : new double[] {Double.NaN, 0, -500, 5e9, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            assertThrows(InvalidSampleException.class, () -> biocore.sampleOf(four, 2, 2, finger, ppi));
        }
        try (Sample coarse = biocore.sampleOf(new byte[300 * 300], 300, 300, finger, 250)) {
            assertEquals(100, assertThrows(InvalidSampleException.class, coarse::assess).code());
        }
    }

    @Test
    void aBlankPictureIsAReportThatSaysWhy() {
        try (Sample blank = biocore.sampleOf(new byte[300 * 300], 300, 300, Position.RIGHT_THUMB, 500)) {
            Report report = blank.assess();
            assertTrue(report.score().isEmpty());
            assertEquals(Status.FAILED, report.status());
            assertFalse(report.reason().isEmpty());
            assertThrows(ExtractionException.class, blank::extract);
        }
    }

    @Test
    void nullIsNoArgument() {
        byte[] none = null;
        for (org.junit.jupiter.api.function.Executable call : List.<org.junit.jupiter.api.function.Executable>of(
                () -> Biocore.start(null),
                () -> biocore.loadSample(null, Position.RIGHT_INDEX, 500),
                () -> biocore.loadSample(Prints.FIRST, null, 500),
                () -> biocore.decodeSample(none, Position.RIGHT_INDEX, 500),
                () -> biocore.decodeSample(new byte[1], null, 500),
                () -> biocore.sampleOf(none, 2, 2, Position.RIGHT_INDEX, 500),
                () -> biocore.sampleOf(new byte[4], 2, 2, null, 500),
                () -> biocore.sampleOf(new byte[4], 2, 2, 2, Position.RIGHT_INDEX, 500, null),
                () -> biocore.openDevice(null),
                () -> biocore.readRecord(none, "x"),
                () -> biocore.readRecord(new byte[4], null),
                () -> biocore.readRecord(null),
                () -> biocore.readTemplates(none),
                () -> biocore.fuse(null),
                () -> biocore.fuse(Collections.singletonList(null)),
                () -> biocore.writeTemplates(null, TemplateFormat.OWN))) {
            assertThrows(NullPointerException.class, call);
        }
        try (Sample sample = Prints.first(biocore);
                Template finger = sample.extract()) {
            assertThrows(NullPointerException.class, () -> sample.assess(null));
            assertThrows(NullPointerException.class, () -> sample.extract(null));
            assertThrows(NullPointerException.class, () -> finger.compare(null));
            assertThrows(NullPointerException.class, () -> finger.search(null, 1));
            assertThrows(NullPointerException.class, () -> finger.write(null));
        }
    }

    @Test
    void facesComeInColourAndGoNoFurther() {
        try (Device camera = biocore.openDevice("file:" + Prints.FACE + "?modality=face");
                Sample face = camera.capture(java.time.Duration.ofMinutes(1), Position.FACE)) {
            assertEquals(Modality.FACE, camera.info().modality());
            Frame frame = face.frame();
            byte[] colours = frame.colours().orElseThrow();
            assertEquals(3 * frame.width() * frame.height(), colours.length);
            assertArrayEquals(colours, biocoreColours());
            assertThrows(InvalidSampleException.class, face::assess);
            assertThrows(InvalidSampleException.class, face::extract);
        }
        try (BiometricRecord record = biocore.readRecord(Prints.FACES);
                Sample held = record.sample(0)) {
            assertEquals(Position.FACE, held.frame().position());
            assertTrue(held.frame().colours().isPresent());
            FormatException two = assertThrows(FormatException.class, () -> record.convert(RecordFormat.PNG));
            assertTrue(two.getMessage().contains("2"), two.getMessage()); // PNG holds one
        }
    }

    private byte[] biocoreColours() {
        try (Sample loaded = biocore.loadSample(Prints.FACE, Position.FACE)) {
            return loaded.frame().colours().orElseThrow();
        }
    }

    // -- reports and templates ---------------------------------------------------------------------

    @Test
    void aReportSpeaksBothLanguagesAndOutlivesItsSample() {
        Report report;
        try (Sample dry = biocore.loadSample(Prints.DRY, Position.RIGHT_INDEX, 500)) {
            report = dry.assess();
        }
        Cause cause = report.causes().get(0);
        assertEquals("DRY", cause.name());
        assertEquals(cause.indonesian(), cause.text(Locale.forLanguageTag("id-ID")));
        assertEquals(cause.english(), cause.text(Locale.FRENCH));
        assertFalse(cause.indonesian().equals(cause.english()));
        assertTrue(cause.confidence() > 0.5 && !cause.evidence().isEmpty());
        Advice advice = report.advice().get(0);
        assertEquals(advice.indonesian(), advice.text(Locale.forLanguageTag("id")));
        assertThrows(UnsupportedOperationException.class, () -> report.causes().clear());
        assertThrows(UnsupportedOperationException.class, () -> cause.evidence().clear());
        assertEquals(Modality.FINGER, report.modality());
    }

    @Test
    void severalFingersAreOneRecordAndMayBeMany() {
        try (Sample sample = Prints.first(biocore);
                Sample same = biocore.loadSample(Prints.FIRST, Position.LEFT_INDEX, 500);
                Template finger = sample.extract();
                Template left = same.extract()) {
            List<Template> many = new ArrayList<>(Collections.nCopies(10, finger));
            many.addAll(Collections.nCopies(10, left)); // more than are read at first
            byte[] record = biocore.writeTemplates(many, TemplateFormat.FMR_2005);
            List<Template> again = biocore.readTemplates(record);
            assertEquals(20, again.size());
            assertEquals(24, biocore.liveHandles());
            double score = again.get(19).compare(again.get(0)).score();
            for (double found : again.get(0).search(again, 2)) {
                assertEquals(score, found);
            }
            assertEquals(0, finger.search(List.of(), 1).length);
            again.forEach(Template::close);
            assertThrows(IllegalArgumentException.class, () -> biocore.writeTemplates(many, TemplateFormat.OWN));
            for (int threads : new int[] {0, -1, 257, Integer.MIN_VALUE}) {
                assertThrows(IllegalArgumentException.class, () -> finger.search(many, threads));
            }
        }
    }

    @Test
    void fingersAndEyesDoNotMix() {
        try (Device camera = biocore.openDevice("virtual:iris?seed=7&eye=right");
                Sample eye = camera.capture(java.time.Duration.ofMinutes(1));
                Sample print = Prints.first(biocore);
                Template code = eye.extract();
                Template finger = print.extract()) {
            assertEquals(Position.UNKNOWN_EYE, code.info().position());
            assertTrue(code.info().minutiae().isEmpty() && code.info().usable().isPresent());
            assertThrows(InvalidTemplateException.class, () -> code.compare(finger));
            assertThrows(InvalidTemplateException.class, () -> finger.search(List.of(finger, code), 1));
            assertThrows(InvalidTemplateException.class, () -> biocore.fuse(List.of(code, finger)));
            assertThrows(InvalidTemplateException.class, () -> eye.assess(finger));
            assertThrows(InvalidTemplateException.class, () -> code.write(TemplateFormat.FMR_2011));
            assertThrows(BiocoreException.class, () -> biocore.fuse(List.of()));
        }
    }

    // -- records -----------------------------------------------------------------------------------

    @Test
    void aDamagedFileIsToldWithItsByte() throws IOException {
        byte[] record = Files.readAllBytes(Prints.RECORD);
        FormatException cut = assertThrows(
                FormatException.class,
                () -> biocore.readRecord(Arrays.copyOf(record, record.length / 2), "cut.fir"));
        assertEquals("cut.fir", cut.file());
        assertTrue(cut.offset().getAsLong() >= 0);
        assertEquals(ErrorCode.FORMAT, cut.code());
        assertEquals("FormatError", cut.name());
        byte[] hello = "hello".getBytes(StandardCharsets.US_ASCII);
        assertThrows(UnsupportedFormatException.class, () -> biocore.readRecord(hello, "hello"));
        assertThrows(FormatException.class, () -> biocore.readTemplates(new byte[0]));
        assertThrows(
                UnsupportedFormatException.class, () -> biocore.decodeSample(hello, Position.RIGHT_INDEX, 500));
        FormatException missing = assertThrows(
                FormatException.class,
                () -> biocore.loadSample(Path.of("/nowhere/x.png"), Position.RIGHT_INDEX, 500));
        assertEquals("/nowhere/x.png", missing.file());
        assertTrue(missing.offset().isEmpty());
        assertThrows(java.io.UncheckedIOException.class, () -> biocore.readRecord(Path.of("/nowhere/x.fir")));
    }

    @Test
    void aRecordIsWrittenAsOthers() throws IOException {
        byte[] data = Files.readAllBytes(Prints.RECORD);
        try (BiometricRecord record = biocore.readRecord(data, "two.fir")) {
            assertTrue(record.info().images() > 0);
            int beyond = record.info().images();
            for (int index : new int[] {beyond, -1, Integer.MIN_VALUE}) {
                assertThrows(IllegalArgumentException.class, () -> record.sample(index));
                assertThrows(IllegalArgumentException.class, () -> record.template(index));
            }
            byte[] png = record.convert(RecordFormat.FIR_2011, PixelCoding.PNG, 0).data();
            byte[] small = record.convert(RecordFormat.FIR_2011, PixelCoding.JPEG_2000_LOSSY, 12).data();
            assertTrue(small.length < png.length);
            try (BiometricRecord again = biocore.readRecord(png, "png.fir");
                    Sample before = record.sample(0);
                    Sample after = again.sample(0)) {
                assertArrayEquals(before.frame().pixels(), after.frame().pixels());
                assertEquals("fir-2011", again.info().kind());
            }
            assertThrows(FormatException.class, () -> record.convert(RecordFormat.FMR_2011));
        }
        try (Sample sample = Prints.first(biocore);
                Template finger = sample.extract();
                BiometricRecord minutiae = biocore.readRecord(finger.write(TemplateFormat.ANSI_2004), "a.fmr");
                Template taken = minutiae.template(0)) {
            assertEquals(finger.info().minutiae(), taken.info().minutiae());
        }
    }

    // -- closing -----------------------------------------------------------------------------------

    @Test
    void whatIsClosedIsOfNoUseAndMayBeClosedAgain() throws IOException {
        Sample sample = Prints.first(biocore);
        Template finger = sample.extract();
        Device scanner = biocore.openDevice("virtual:finger");
        BiometricRecord record = biocore.readRecord(Prints.RECORD);
        assertEquals(4, biocore.liveHandles());
        for (int twice = 0; twice < 2; twice++) {
            sample.close();
            finger.close();
            scanner.close();
            record.close();
            assertEquals(0, biocore.liveHandles());
        }
        try (Sample open = Prints.first(biocore);
                Template good = open.extract()) {
            for (org.junit.jupiter.api.function.Executable use :
                    List.<org.junit.jupiter.api.function.Executable>of(
                            sample::assess,
                            sample::extract,
                            sample::frame,
                            () -> open.assess(finger),
                            finger::info,
                            () -> finger.write(TemplateFormat.OWN),
                            () -> finger.compare(good),
                            () -> good.compare(finger),
                            () -> good.search(List.of(good, finger), 1),
                            () -> biocore.fuse(List.of(good, finger)),
                            scanner::info,
                            scanner::cancel,
                            () -> scanner.capture(java.time.Duration.ofSeconds(1)),
                            record::info,
                            () -> record.sample(0),
                            () -> record.convert(RecordFormat.ITL))) {
                String said = assertThrows(IllegalStateException.class, use).getMessage();
                assertTrue(said.matches("this (sample|template|device|record) is closed"), said);
            }
        }
    }

    @Test
    void theLastOneClosedEndsTheEngineAndItStartsAnew() {
        Biocore other = Biocore.start();
        Sample kept = Prints.first(other);
        other.close();
        other.close();
        assertThrows(IllegalStateException.class, () -> other.openDevice("virtual:finger"));
        assertThrows(IllegalStateException.class, other::liveHandles);
        assertNotNull(kept.frame()); // ours is open yet

        biocore.close();
        assertThrows(IllegalStateException.class, kept::assess);
        String ended = assertThrows(IllegalStateException.class, kept::frame).getMessage();
        assertEquals("the last Biocore is closed", ended);
        biocore = Biocore.start();
        String gone = assertThrows(IllegalStateException.class, kept::frame).getMessage();
        assertEquals("this was released when the last Biocore was closed", gone);
        kept.close();
        assertThrows(IllegalStateException.class, kept::frame);
        try (Sample again = Prints.first(biocore)) {
            assertEquals(1, biocore.liveHandles());
            assertTrue(again.assess().score().isPresent());
        }
    }

    @Test
    void whatFailsHalfwayLeavesNothingEntered() {
        List<Template> templates = new ArrayList<>();
        try (Sample sample = Prints.first(biocore)) {
            templates.add(sample.extract());
            templates.add(sample.extract());
        }
        templates.get(1).close();
        assertThrows(IllegalStateException.class, () -> biocore.fuse(templates));
        templates.get(0).close(); // would wait for a call that never ends, were it still counted
    }
}

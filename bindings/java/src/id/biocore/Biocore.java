package id.biocore;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The engine: where everything begins.
 *
 * <p>It lives once in a process. Each {@link #start()} returns a Biocore of its own, so that the parts of a program
 * need not know of each other; closing the last one ends captures, closes devices, and releases everything. A program that
 * ends without closing has its devices closed all the same.
 *
 * <p>The C library is looked for, in this order: the file or folder that the system property {@code biocore.library}
 * names; the one that the variable {@code BIOCORE_LIBRARY} names; the folders of {@code java.library.path};
 * wherever the system's loader looks.
 */
public final class Biocore implements AutoCloseable {
    private static final int USUAL = 16; // templates that a record holds at most, almost always

    private final AtomicBoolean closed = new AtomicBoolean(); // no lock: a listener may ask while another thread closes

    private Biocore() {}

    /**
     * Starts the engine, in the environment that the variable {@code BIOCORE_ENVIRONMENT} names, else in the one that
     * the C library was built from. The first start takes half a second.
     *
     * @return the engine, to be closed
     * @throws IllegalStateException in a listener
     * @throws StartException where the C library is not found, does not fit, or its environment is broken
     */
    public static Biocore start() {
        Library.start(null);
        return new Biocore();
    }

    /**
     * Starts the engine in the environment that a folder holds. A process has one: the first start chooses it.
     *
     * @param environment the folder that biocore is installed in
     * @return the engine, to be closed
     * @throws IllegalStateException in a listener
     * @throws StartException where the C library is not found, does not fit, or the environment is broken
     */
    public static Biocore start(Path environment) {
        Library.start(Objects.requireNonNull(environment, "environment"));
        return new Biocore();
    }

    /**
     * Ends the engine, unless others have started it too: running captures are cancelled, devices closed, and every
     * sample, template, device and record is released. The second call does nothing.
     *
     * @throws IllegalStateException where other calls do not end within five seconds, or in a listener; nothing is
     *     ended then
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                Library.stop();
            } catch (RuntimeException error) {
                closed.set(false);
                throw error;
            }
        }
    }

    private void check() {
        if (closed.get()) {
            throw new IllegalStateException("this Biocore is closed");
        }
    }

    /**
     * Tells the version of biocore that the C library was built from.
     *
     * @return "0.1.0"
     */
    public String version() {
        check();
        return Foreign.text(Natives.biocore_version());
    }

    /**
     * Tells the version of the C library's interface.
     *
     * @return the number that its file's name ends in
     */
    public int abiVersion() {
        check();
        return Natives.biocore_abi_version();
    }

    /**
     * Counts the samples, templates, devices and records of the whole process that are not closed.
     *
     * @return 0 at the end of a program that forgets none
     */
    public long liveHandles() {
        check();
        long[] count = new long[1];
        Failure.check(Natives.biocore_live_handles(count));
        return count[0];
    }

    // -- samples -----------------------------------------------------------------------------------

    /**
     * Reads a picture, at the resolution that the file tells; below 490 px/inch that is not believed. Irises need none.
     *
     * @param file PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, and WSQ where that is installed
     * @param position which finger or eye it shows
     * @return the sample, to be closed
     * @throws FormatException where it cannot be read
     * @throws InvalidSampleException where it tells no resolution, or one that cannot be
     */
    public Sample loadSample(Path file, Position position) {
        return loadSample(file, position, Double.NaN);
    }

    /**
     * Reads a picture.
     *
     * @param file PNG, TIFF, BMP, PGM, JPEG, JPEG 2000, and WSQ where that is installed
     * @param position which finger or eye it shows
     * @param ppi px/inch; NaN or 0 = as the file says
     * @return the sample, to be closed
     * @throws FormatException where it cannot be read
     * @throws InvalidSampleException where no algorithm can take it
     */
    public Sample loadSample(Path file, Position position, double ppi) {
        check();
        if (file.getFileSystem() != FileSystems.getDefault()) { // in an archive, say: nothing that C could open
            return decodeSample(bytesOf(file), position, ppi);
        }
        long[] sample = new long[1];
        Failure.check(Natives.biocore_sample_load(
                Foreign.path(file), position.modality().ordinal(), ppi, position.number(), sample));
        return new Sample(sample[0]);
    }

    /**
     * Reads a picture from a file's bytes.
     *
     * @param data what the file would hold
     * @param position which finger or eye it shows
     * @param ppi px/inch; NaN or 0 = as the bytes say
     * @return the sample, to be closed
     * @throws FormatException where they cannot be read
     * @throws InvalidSampleException where no algorithm can take it
     */
    public Sample decodeSample(byte[] data, Position position, double ppi) {
        check();
        long[] sample = new long[1];
        Failure.check(Natives.biocore_sample_decode(
                data, data.length, position.modality().ordinal(), ppi, position.number(), sample));
        return new Sample(sample[0]);
    }

    /**
     * Makes a sample of pixels, which are copied.
     *
     * @param pixels 8-bit grey, row by row without padding, from the top left; dark ridges on a light ground
     * @param width px
     * @param height px
     * @param position which finger or eye they show
     * @param ppi px/inch; NaN of cameras
     * @return the sample, to be closed
     * @throws IllegalArgumentException where {@code pixels} is not {@code width * height} bytes long
     * @throws InvalidSampleException where no algorithm can take them
     */
    public Sample sampleOf(byte[] pixels, int width, int height, Position position, double ppi) {
        if (pixels.length != (long) width * height) {
            throw new IllegalArgumentException(
                    pixels.length + " bytes are no picture of " + width + "x" + height + " px");
        }
        return sampleOf(pixels, width, height, width, position, ppi, "memory");
    }

    /**
     * Makes a sample of pixels in rows with padding, which are copied.
     *
     * @param pixels 8-bit grey, from the top left; dark ridges on a light ground
     * @param width px
     * @param height px
     * @param stride bytes from one row to the next
     * @param position which finger or eye they show
     * @param ppi px/inch; NaN of cameras
     * @param source where they come from, for messages and reports
     * @return the sample, to be closed
     * @throws IllegalArgumentException where {@code pixels} does not hold the last pixel, or no size is one
     * @throws InvalidSampleException where no algorithm can take them
     */
    public Sample sampleOf(
            byte[] pixels, int width, int height, int stride, Position position, double ppi, String source) {
        check();
        if (width <= 0 || height <= 0 || stride < width) {
            throw new IllegalArgumentException(
                    "a picture of " + width + "x" + height + " px with rows " + stride + " bytes apart");
        }
        if (pixels.length < (long) stride * (height - 1) + width) { // C would read on behind the array
            throw new IllegalArgumentException(pixels.length + " bytes do not hold " + width + "x" + height
                    + " px with rows " + stride + " bytes apart");
        }
        long[] sample = new long[1];
        Failure.check(Natives.biocore_sample_of_pixels(
                pixels,
                width,
                height,
                stride,
                position.modality().ordinal(),
                ppi,
                position.number(),
                Foreign.utf8(Objects.requireNonNull(source, "source")),
                sample));
        return new Sample(sample[0]);
    }

    // -- templates ---------------------------------------------------------------------------------

    /**
     * Reads templates, whichever way they are written.
     *
     * @param data the bytes of one record, or of one template as {@link TemplateFormat#OWN} writes it
     * @return one template or more, each to be closed
     * @throws FormatException where they cannot be read
     */
    public List<Template> readTemplates(byte[] data) {
        check();
        for (int capacity = USUAL; ; ) {
            long[] handles = new long[capacity];
            long[] count = new long[1];
            Failure.check(Natives.biocore_templates_read(data, data.length, handles, capacity, count));
            List<Template> templates = new ArrayList<>();
            for (int k = 0; k < Math.min(capacity, count[0]); k++) {
                templates.add(new Template(handles[k]));
            }
            if (count[0] <= capacity) {
                return List.copyOf(templates);
            }
            templates.forEach(Template::close);
            capacity = Math.toIntExact(count[0]);
        }
    }

    /**
     * Writes templates of several fingers as one record.
     *
     * @param templates of fingers
     * @param format any but {@link TemplateFormat#OWN}, which takes one template: {@link Template#write}
     * @return the record
     * @throws InvalidTemplateException where the format cannot hold them
     */
    public byte[] writeTemplates(List<Template> templates, TemplateFormat format) {
        check();
        return Template.write(templates, format);
    }

    /**
     * Unites several captures of one finger or one eye.
     *
     * @param templates what was extracted from each; they stay the caller's
     * @return the template, to be closed
     * @throws InvalidTemplateException where they do not go together
     */
    public Template fuse(List<Template> templates) {
        check();
        long[] result = new long[1];
        Template.using(templates, numbers -> Natives.biocore_fuse(numbers, numbers.length, result));
        return new Template(result[0]);
    }

    // -- devices -----------------------------------------------------------------------------------

    /**
     * Lists what is attached.
     *
     * @return scanners and cameras; never changes
     */
    public List<DeviceInfo> devices() {
        check();
        long[] list = new long[1];
        Failure.check(Natives.biocore_devices(list));
        return Foreign.block(
                list[0],
                found -> Foreign.list(
                        found, Layouts.DeviceList.COUNT, Layouts.DeviceList.DEVICES, DeviceInfo::new));
    }

    /**
     * Opens a scanner or camera.
     *
     * @param uri "any:finger" for the best scanner attached, "usb:05ba:000a", "virtual:finger", ...
     * @return the device, to be closed
     * @throws DriverException where no driver serves the URI, or it is broken
     * @throws DeviceException where the device cannot be opened; its hint says what the operator can do
     */
    public Device openDevice(String uri) {
        check();
        long[] device = new long[1];
        Failure.check(Natives.biocore_device_open(Foreign.utf8(Objects.requireNonNull(uri, "uri")), device));
        return new Device(device[0]);
    }

    // -- records -----------------------------------------------------------------------------------

    /**
     * Reads any standard record: ISO/IEC 19794-2, -4, -6, ANSI INCITS 378, ANSI/NIST-ITL, CBEFF.
     *
     * @param data its bytes
     * @param name of the file, for messages
     * @return the record, to be closed
     * @throws FormatException where it is malformed, or of a kind that nothing here reads
     */
    public BiometricRecord readRecord(byte[] data, String name) {
        check();
        long[] record = new long[1];
        Failure.check(Natives.biocore_record_read(
                data, data.length, Foreign.utf8(Objects.requireNonNull(name, "name")), record));
        return new BiometricRecord(record[0]);
    }

    /**
     * The same of a file.
     *
     * @param file the record
     * @return the record, to be closed
     * @throws FormatException where it is malformed, or of a kind that nothing here reads
     * @throws UncheckedIOException where the file cannot be read
     */
    public BiometricRecord readRecord(Path file) {
        check();
        return readRecord(bytesOf(file), file.toString());
    }

    private static byte[] bytesOf(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}

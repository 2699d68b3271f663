package id.biocore;

import java.lang.ref.Reference;

/** A standard record that was read: pictures, templates, and what it says is missing. It never changes. */
public final class BiometricRecord implements AutoCloseable {
    private final Handle.Tied handle;

    BiometricRecord(long number) {
        this.handle = Handle.tie(this, "record", number, Natives::biocore_record_release);
    }

    /**
     * Says what it holds.
     *
     * @return the description
     */
    public RecordInfo info() {
        return Foreign.block(made((record, info) -> Natives.biocore_record_describe(record, info)), RecordInfo::new);
    }

    /**
     * Decodes one of its pictures.
     *
     * @param index from 0 up
     * @return the sample, to be closed
     * @throws IllegalArgumentException where it has no such picture
     * @throws FormatException where the picture is damaged
     */
    public Sample sample(int index) {
        return new Sample(made((record, sample) -> Natives.biocore_record_sample(record, index, sample)));
    }

    /**
     * Returns one of its templates.
     *
     * @param index from 0 up
     * @return the template, to be closed
     * @throws IllegalArgumentException where it has no such template
     */
    public Template template(int index) {
        return new Template(made((record, result) -> Natives.biocore_record_template(record, index, result)));
    }

    /**
     * Writes what it holds as another record, with its pictures as they are.
     *
     * @param target what to write
     * @return the new record, and what it cannot say
     * @throws FormatException where the target cannot hold what this is
     */
    public Conversion convert(RecordFormat target) {
        return convert(target, PixelCoding.KEEP, 0);
    }

    /**
     * Writes what it holds as another record.
     *
     * @param target what to write
     * @param pixels how pictures are compressed
     * @param ratio how many times smaller a lossy picture is to be; 0 = as the format's default
     * @return the new record, and what it cannot say
     * @throws FormatException where the target cannot hold what this is
     * @throws MissingDependencyException where WSQ is asked for and not installed
     */
    public Conversion convert(RecordFormat target, PixelCoding pixels, double ratio) {
        byte[] word = Foreign.utf8(target.word);
        byte[] coding = Foreign.utf8(pixels.word);
        long made = made((record, result) -> Natives.biocore_record_convert(record, word, coding, ratio, result));
        return Foreign.block(made, Conversion::new);
    }

    /** A call that takes the record and returns a handle or a block. */
    private interface Call {
        int make(long record, long[] result);
    }

    private long made(Call call) {
        long[] result = new long[1];
        long record = handle.enter();
        try {
            Failure.check(call.make(record, result));
            return result[0];
        } finally {
            handle.leave();
            Reference.reachabilityFence(this);
        }
    }

    /** Releases it. The second call does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}

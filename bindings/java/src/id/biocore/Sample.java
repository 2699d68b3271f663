package id.biocore;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** A picture of one finger, eye or face, in the engine's hands. It never changes. */
public final class Sample implements AutoCloseable {
    private final Handle.Tied handle;

    Sample(long number) {
        this.handle = Handle.tie(this, "sample", number, Natives::biocore_sample_release);
    }

    /**
     * Says how good it is, why it is poor, and what to do about it.
     *
     * @return the report; of a picture that cannot be assessed too
     * @throws InvalidSampleException where a finger has not 490 to 1100 px/inch
     */
    public Report assess() {
        return assessed(0);
    }

    /**
     * The same where the finger's own template has been extracted already, which saves the work of doing it again.
     *
     * @param own the template of this sample
     * @return the report
     * @throws InvalidSampleException where a finger has not 490 to 1100 px/inch
     * @throws InvalidTemplateException where the template is not of this sample
     */
    public Report assess(Template own) {
        long template = own.handle.enter();
        try {
            return assessed(template);
        } finally {
            own.handle.leave();
            Reference.reachabilityFence(own);
        }
    }

    private Report assessed(long own) {
        long sample = handle.enter();
        try {
            long[] report = new long[1];
            Failure.check(Natives.biocore_assess(sample, own, report));
            return Foreign.block(report[0], Report::new);
        } finally {
            handle.leave();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Makes a template of it, fast.
     *
     * @return the template, to be closed
     * @throws ExtractionException where there is no usable finger or iris in it
     * @throws InvalidSampleException where the resolution is not known, or will not do
     */
    public Template extract() {
        return extract(Effort.FAST);
    }

    /**
     * Makes a template of it.
     *
     * @param effort how much work to do
     * @return the template, to be closed
     * @throws ExtractionException where there is no usable finger or iris in it
     * @throws InvalidSampleException where the resolution is not known, or will not do
     */
    public Template extract(Effort effort) {
        int how = effort.ordinal();
        long sample = handle.enter();
        try {
            long[] result = new long[1];
            Failure.check(Natives.biocore_extract(sample, how, result));
            return new Template(result[0]);
        } finally {
            handle.leave();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Says what it shows.
     *
     * @return the picture, copied: it outlives this
     */
    public Frame frame() {
        long sample = handle.enter();
        try {
            ByteBuffer picture = Foreign.structure(Layouts.Picture.OF);
            return Library.lent(() -> {
                Failure.check(Natives.biocore_sample_picture(sample, picture.array()));
                return new Frame(picture);
            });
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

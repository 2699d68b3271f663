package id.biocore;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** What is compared: the minutiae of a finger, or the code of an iris. It never changes. */
public final class Template implements AutoCloseable {
    final Handle.Tied handle;

    Template(long number) {
        this.handle = Handle.tie(this, "template", number, Natives::biocore_template_release);
    }

    /**
     * Says what it is.
     *
     * @return the description
     */
    public TemplateInfo info() {
        long of = handle.enter();
        try {
            ByteBuffer info = Foreign.structure(Layouts.TemplateInfo.OF);
            return Library.lent(() -> {
                Failure.check(Natives.biocore_template_describe(of, info.array()));
                return new TemplateInfo(info);
            });
        } finally {
            handle.leave();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Compares it with another. The result is the same both ways.
     *
     * @param reference the other
     * @return how alike they are
     * @throws InvalidTemplateException where they cannot be compared: a finger with an eye
     */
    public Comparison compare(Template reference) {
        ByteBuffer comparison = Foreign.structure(Layouts.Comparison.OF);
        using(
                List.of(this, reference),
                numbers -> Natives.biocore_compare(numbers[0], numbers[1], comparison.array()));
        return new Comparison(comparison);
    }

    /**
     * Compares it with many, which is faster than one by one.
     *
     * @param references the others
     * @param threads how many may work; the result is the same for any number
     * @return one score a reference, in their order
     * @throws IllegalArgumentException where {@code threads} is not 1 to 256
     * @throws InvalidTemplateException where they cannot be compared
     */
    public double[] search(List<Template> references, int threads) {
        double[] scores = new double[references.size()];
        long probe = handle.enter();
        try {
            using(references, numbers -> Natives.biocore_search(probe, numbers, numbers.length, threads, scores));
        } finally {
            handle.leave();
            Reference.reachabilityFence(this);
        }
        return scores;
    }

    /**
     * Writes it.
     *
     * @param format how
     * @return the bytes
     * @throws InvalidTemplateException where the format cannot hold it
     */
    public byte[] write(TemplateFormat format) {
        return write(List.of(this), format);
    }

    static byte[] write(List<Template> templates, TemplateFormat format) {
        long[] bytes = new long[1];
        int how = format.ordinal();
        using(templates, numbers -> Natives.biocore_templates_write(numbers, numbers.length, how, bytes));
        return Foreign.block(
                bytes[0], written -> Foreign.bytes(written, Layouts.Bytes.SIZE, Layouts.Bytes.DATA));
    }

    /** Call with the handles of several, none of which is released before the call has ended. */
    static void using(List<Template> templates, ToIntFunction<long[]> call) {
        List<Handle.Tied> handles =
                templates.stream().map(template -> template.handle).collect(Collectors.toList());
        long[] numbers = Handle.enterAll(handles);
        try {
            Failure.check(call.applyAsInt(numbers));
        } finally {
            handles.forEach(Handle.Tied::leave);
            Reference.reachabilityFence(templates);
        }
    }

    /** Releases it. The second call does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}

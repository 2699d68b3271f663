package id.biocore;

import com.sun.jna.Pointer;

/**
 * The functions of {@code biocore.h}, by their names there.
 *
 * <p>Handles and addresses are {@code long}: the library is for 64-bit machines. Texts that go in are UTF-8 with a zero
 * byte at the end ({@link Foreign#utf8}). Where the library writes a handle or the address of a block, an array of one
 * takes it; structures that it fills are arrays of bytes ({@link Foreign#structure}).
 */
final class Natives {
    /** BIOCORE_ABI_VERSION of the header that this was written for. */
    static final int ABI = 1;

    static native int biocore_abi_version();

    static native Pointer biocore_version();

    static native int biocore_init(int abi, byte[] environment);

    static native int biocore_shutdown();

    static native int biocore_live_handles(long[] count);

    static native Pointer biocore_last_error();

    static native Pointer biocore_code_name(int code);

    static native void biocore_free(long block);

    static native int biocore_sample_load(byte[] path, int modality, double ppi, int position, long[] sample);

    static native int biocore_sample_decode(
            byte[] data, long size, int modality, double ppi, int position, long[] sample);

    static native int biocore_sample_of_pixels(
            byte[] pixels,
            int width,
            int height,
            long stride,
            int modality,
            double ppi,
            int position,
            byte[] source,
            long[] sample);

    static native int biocore_sample_picture(long sample, byte[] picture);

    static native int biocore_sample_release(long sample);

    static native int biocore_assess(long sample, long own, long[] report);

    static native int biocore_extract(long sample, int effort, long[] result);

    static native int biocore_fuse(long[] templates, long count, long[] result);

    static native int biocore_template_describe(long of, byte[] info);

    static native int biocore_templates_write(long[] templates, long count, int format, long[] bytes);

    static native int biocore_templates_read(byte[] data, long size, long[] templates, long capacity, long[] count);

    static native int biocore_template_release(long of);

    static native int biocore_compare(long probe, long reference, byte[] comparison);

    static native int biocore_search(long probe, long[] references, long count, int threads, double[] scores);

    static native int biocore_devices(long[] list);

    static native int biocore_device_open(byte[] uri, long[] device);

    static native int biocore_device_describe(long device, long[] info);

    static native int biocore_device_capture(
            long device, double seconds, int position, long listener, long context, long[] sample);

    static native int biocore_device_cancel(long device);

    static native int biocore_device_release(long device);

    static native int biocore_record_read(byte[] data, long size, byte[] name, long[] record);

    static native int biocore_record_describe(long record, long[] info);

    static native int biocore_record_sample(long record, int index, long[] sample);

    static native int biocore_record_template(long record, int index, long[] result);

    static native int biocore_record_convert(long record, byte[] target, byte[] pixels, double ratio, long[] result);

    static native int biocore_record_release(long record);

    private Natives() {}
}

package id.biocore;

import java.lang.ref.Reference;
import java.time.Duration;
import java.util.Objects;

/**
 * An open scanner or camera.
 *
 * <p>One thread captures; any may cancel or close, which ends its capture within a second. {@link Thread#interrupt}
 * does not end a capture.
 */
public final class Device implements AutoCloseable {
    private final Handle.Tied handle;
    private volatile DeviceInfo info;

    Device(long number) {
        this.handle = Handle.tieLoosely(this, "device", number, Natives::biocore_device_release);
    }

    /**
     * Says what it is.
     *
     * @return the description, which does not change while it is open
     */
    public DeviceInfo info() {
        long device = handle.enter();
        try {
            if (info == null) {
                long[] found = new long[1];
                Failure.check(Natives.biocore_device_describe(device, found));
                info = Foreign.block(found[0], DeviceInfo::new);
            }
            return info;
        } finally {
            handle.leave();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Captures one picture; which finger or eye it is of, nobody says.
     *
     * @param deadline for person and device together
     * @return the sample, to be closed
     * @throws SubjectTimeoutException where nobody came
     * @throws CaptureCancelledException where it was cancelled, or the device closed
     * @throws DeviceException where the device failed; its hint says what the operator can do
     */
    public Sample capture(Duration deadline) {
        return captured(deadline, 0, null);
    }

    /**
     * Captures one picture.
     *
     * @param deadline for person and device together
     * @param position which finger or eye was asked for
     * @return the sample, to be closed
     * @throws SubjectTimeoutException where nobody came
     * @throws CaptureCancelledException where it was cancelled, or the device closed
     * @throws DeviceException where the device failed; its hint says what the operator can do
     */
    public Sample capture(Duration deadline, Position position) {
        return captured(deadline, number(position), null);
    }

    /**
     * Captures one picture, and tells what happens meanwhile.
     *
     * @param deadline for person and device together
     * @param position which finger or eye was asked for
     * @param listener hears of it until this returns; what it throws ends the capture, and is thrown here
     * @return the sample, to be closed
     * @throws SubjectTimeoutException where nobody came
     * @throws CaptureCancelledException where it was cancelled, or the device closed
     * @throws DeviceException where the device failed; its hint says what the operator can do
     */
    public Sample capture(Duration deadline, Position position, CaptureListener listener) {
        return captured(deadline, number(position), Objects.requireNonNull(listener, "listener"));
    }

    private int number(Position position) {
        Modality captures = info().modality();
        if (position.modality() != captures) { // C has numbers alone: a right eye is a right thumb there
            throw new IllegalArgumentException(position + " is none that this device captures: " + captures);
        }
        return position.number();
    }

    private Sample captured(Duration deadline, int position, CaptureListener listener) {
        double seconds = deadline.getSeconds() + deadline.getNano() * 1e-9;
        long[] sample = new long[1];
        long device = handle.enter();
        Listeners hearing =
                listener == null ? null : Listeners.add(listener, () -> Natives.biocore_device_cancel(device));
        try {
            int code = Natives.biocore_device_capture(
                    device,
                    seconds,
                    position,
                    hearing == null ? 0 : Listeners.code(),
                    hearing == null ? 0 : hearing.context(),
                    sample);
            if (hearing != null && hearing.thrown() != null) {
                Natives.biocore_sample_release(sample[0]); // where it was done already; 0 is none, and no harm
                throw Listeners.<RuntimeException>rethrow(hearing.thrown());
            }
            Failure.check(code);
            return new Sample(sample[0]);
        } finally {
            if (hearing != null) {
                hearing.remove();
            }
            handle.leave();
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Ends a running capture within a second, from any thread; nothing where none runs.
     *
     * @throws IllegalStateException where the device is closed
     */
    public void cancel() {
        long device = handle.enter();
        try {
            Failure.check(Natives.biocore_device_cancel(device));
        } finally {
            handle.leave();
            Reference.reachabilityFence(this);
        }
    }

    /** Closes it, from any thread; a running capture ends as cancelled. The second call does nothing. */
    @Override
    public void close() {
        handle.close();
    }
}

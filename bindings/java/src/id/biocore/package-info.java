/**
 * Fingerprints and irises: captured, assessed, extracted, compared, written as standard records.
 *
 * <pre>{@code
 * try (Biocore biocore = Biocore.start();
 *         Sample sample = biocore.loadSample(Path.of("right-index.png"), Position.RIGHT_INDEX, 500)) {
 *     Report report = sample.assess();
 *     System.out.println(report.score());
 * }
 * }</pre>
 *
 * <p><b>What is closed.</b> {@link id.biocore.Biocore}, {@link id.biocore.Sample}, {@link id.biocore.Template},
 * {@link id.biocore.Device} and {@link id.biocore.BiometricRecord} stand for something in the C library and are
 * closed by whoever holds them, best in a {@code try} of its own. Closing twice is harmless; using one afterwards is
 * an {@link java.lang.IllegalStateException}. One that is forgotten is released some time after it has become
 * garbage; the collector does not see how much memory hangs on it, so this is a net to fall into, not a way to work.
 * Everything else here is an ordinary value: it never changes, and needs no closing.
 *
 * <p><b>Threads.</b> Any thread may call any method at any time, of the same object too. Of one device one thread
 * captures; any may cancel or close it. What is closed while another thread uses it is released when that call has
 * ended; a device at once, which ends its capture. Long calculations run side by side.
 *
 * <p><b>Errors.</b> A bad picture is no error: it is a report with causes and advice. What fails throws a
 * {@link id.biocore.BiocoreException} of the family it belongs to, a wrong argument {@link
 * java.lang.IllegalArgumentException}, null {@link java.lang.NullPointerException}.
 */
package id.biocore;

/**
 * The engine of biocore for programs in Java: fingerprints and irises captured, assessed, extracted and compared.
 *
 * <p>It calls the C library {@code libbiocore.so} by JNA; nothing of JNA is in its own interface.
 */
@SuppressWarnings("requires-automatic") // JNA names its module in the manifest alone
module id.biocore {
    requires com.sun.jna;

    exports id.biocore;
    opens id.biocore to com.sun.jna; // which looks up what C calls back
}

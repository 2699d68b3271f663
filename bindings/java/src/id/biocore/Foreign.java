package id.biocore;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** What lies in the library's memory, as Java has it; and texts on their way there. */
final class Foreign {
    /** Texts that last as long as the process, by their address. They are words of fixed lists: a few hundred. */
    private static final Map<Long, String> CONSTANTS = new ConcurrentHashMap<>();

    /** How Java writes the language, before and since its version 17. */
    static final Set<String> INDONESIAN = Set.of("id", "in");

    private static final char LOST = '\uFFFD'; // what stands for bytes that are no text

    /** Return a text as C takes it; null stays null. */
    static byte[] utf8(String text) {
        if (text == null) {
            return null;
        }
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a text with a zero character in it: C would see its beginning only");
        }
        return ended(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Return a score; -1 is none. */
    static OptionalInt score(int score) {
        return score < 0 ? OptionalInt.empty() : OptionalInt.of(score);
    }

    /** Return a number; NAN is none. */
    static OptionalDouble number(double number) {
        return Double.isNaN(number) ? OptionalDouble.empty() : OptionalDouble.of(number);
    }

    /** Return the bytes of a file's name, as the system has them, whatever this machine's locale makes of them. */
    static byte[] path(Path path) {
        String text = path.toString();
        boolean faithful = "UTF-8".equals(System.getProperty("sun.jnu.encoding"))
                ? text.indexOf(LOST) < 0
                : text.chars().allMatch(letter -> letter < 0x80);
        return faithful ? utf8(text) : ended(unescaped(path.toUri().getRawPath()));
    }

    private static byte[] unescaped(String escaped) {
        byte[] bytes = new byte[escaped.length()];
        int count = 0;
        for (int k = 0; k < escaped.length(); k++, count++) {
            boolean hidden = escaped.charAt(k) == '%';
            bytes[count] = (byte) (hidden ? Integer.parseInt(escaped.substring(k + 1, k + 3), 16) : escaped.charAt(k));
            k += hidden ? 2 : 0;
        }
        return Arrays.copyOf(bytes, count);
    }

    private static byte[] ended(byte[] text) {
        return Arrays.copyOf(text, text.length + 1);
    }

    /** Return a structure for the library to fill. */
    static ByteBuffer structure(Layout layout) {
        ByteBuffer made = ByteBuffer.allocate(layout.size()).order(ByteOrder.nativeOrder());
        return made.putInt(0, layout.size()); // struct_size
    }

    /** Return the text that an address points to; "" for none. */
    static String text(Pointer at) {
        return at == null ? "" : at.getString(0, "UTF-8");
    }

    /** Return the text that an address points to, where it lasts as long as the process. */
    static String constant(long address) {
        String known = CONSTANTS.get(address);
        return known != null ? known : CONSTANTS.computeIfAbsent(address, at -> text(new Pointer(at)));
    }

    /** Return the text that the pointer in a structure points to. */
    static String text(Pointer struct, int offset) {
        return text(struct.getPointer(offset));
    }

    /** The same of a text that lasts as long as the process. */
    static String constant(Pointer struct, int offset) {
        return constant(struct.getLong(offset));
    }

    /** Return what an array of pointers points to, each made by {@code make}; the list never changes. */
    static <T> List<T> list(Pointer struct, int count, int array, Function<Pointer, T> make) {
        List<T> made = new ArrayList<>();
        int length = struct.getInt(count);
        if (length > 0) {
            for (Pointer item : struct.getPointer(array).getPointerArray(0, length)) {
                made.add(make.apply(item));
            }
        }
        return List.copyOf(made);
    }

    /** Return the bytes that a size and a pointer in a structure tell of. */
    static byte[] bytes(Pointer struct, int size, int data) {
        return struct.getPointer(data).getByteArray(0, Math.toIntExact(struct.getLong(size)));
    }

    /** Read a block, and give it back to the library, whatever comes of that. */
    static <T> T block(long address, Function<Pointer, T> read) {
        try {
            return read.apply(new Pointer(address));
        } finally {
            Natives.biocore_free(address);
        }
    }

    private Foreign() {}
}

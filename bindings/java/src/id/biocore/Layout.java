package id.biocore;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Where the members of one structure of {@code biocore.h} lie: told in the header's order, aligned as C aligns. */
final class Layout {
    private static final int INT32 = 4; // bytes, as are all below
    private static final int WIDE = 8; // int64_t, size_t, double and pointers, on 64-bit machines

    private final String name;
    private final List<String> told = new ArrayList<>();
    private int end;

    Layout(String name) {
        this.name = name;
    }

    /** Return the offset of the next member, of 32 bits. */
    int int32(String member) {
        return next(member, INT32);
    }

    /** Return the offset of the next member, of 64 bits. */
    int wide(String member) {
        return next(member, WIDE);
    }

    private int next(String member, int size) {
        int offset = (end + size - 1) / size * size;
        end = offset + size;
        told.add(name + "." + member + " " + offset);
        return offset;
    }

    /** Return the size of the whole: every structure with a wide member is a multiple of that. */
    int size() {
        return (end + WIDE - 1) / WIDE * WIDE;
    }

    /** Return each member with its offset, as {@code structure.member offset}, and the size. */
    List<String> told() {
        List<String> all = new ArrayList<>(told);
        all.add(name + " " + size());
        return Collections.unmodifiableList(all);
    }
}

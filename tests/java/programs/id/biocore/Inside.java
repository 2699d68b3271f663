package id.biocore;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;

/** What the jar believes of {@code biocore.h}, printed for the test to compare with the header and with C. */
public final class Inside {
    public static void main(String[] arguments) throws ReflectiveOperationException {
        for (Layout layout : Layouts.ALL) {
            layout.told().forEach(line -> say("layout " + line));
        }
        Arrays.stream(Natives.class.getDeclaredMethods())
                .filter(method -> Modifier.isNative(method.getModifiers()))
                .forEach(method -> say("function " + method.getName()));
        for (Field field : ErrorCode.class.getFields()) {
            int code = field.getInt(null);
            Class<?> kind = Failure.of(code).exception().getClass();
            say("code " + field.getName() + " " + code + " " + kind.getSimpleName() + " "
                    + kind.getSuperclass().getSimpleName() + " " + ErrorCode.nameOf(code));
        }
        for (int code : new int[] {1299, 699, 9900}) { // of a newer library
            say("newer " + code + " " + Failure.of(code).exception().getClass().getSimpleName());
        }
        say("abi " + Natives.ABI);
        numbers("modality", Modality.values());
        numbers("effort", Effort.values());
        numbers("status", Status.values());
        numbers("format", TemplateFormat.values());
        numbers("event", EventKind.values());
        for (RecordFormat format : RecordFormat.values()) {
            say("target " + format.word);
        }
        for (PixelCoding coding : PixelCoding.values()) {
            say("pixels " + coding.word);
        }
        for (Position position : Position.values()) {
            say("position " + position.modality() + " " + position.number());
        }
    }

    private static void numbers(String what, Enum<?>... all) {
        for (Enum<?> one : all) {
            say(what + " " + one.name() + " " + one.ordinal());
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }

    private Inside() {}
}

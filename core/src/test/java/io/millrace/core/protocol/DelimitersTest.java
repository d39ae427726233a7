package io.millrace.core.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("framing")
class DelimitersTest {
    static Stream<Arguments> shown() {
        return Stream.of(
                Arguments.of("\r\n", "\\r \\n"),
                Arguments.of("\0", "\\0"),
                Arguments.of("\t", "\\t"),
                Arguments.of("\u001F", "0x1F"),
                Arguments.of("\u007F\u001B[", "0x7F 0x1B ["),
                Arguments.of("\u00FF", "0xFF"),
                Arguments.of("a b", "a 0x20 b"),
                Arguments.of("END", "END"));
    }

    @ParameterizedTest
    @MethodSource("shown")
    void delimiterIsShownWithoutRawControlCharacters(String delimiter, String shown) {
        byte[] bytes = delimiter.getBytes(ISO_8859_1);
        Delimiters delimiters = Delimiters.of(bytes);
        assertEquals("delimited(" + shown + ", maxPayloadBytes=65536)", delimiters.toString());
        assertEquals("message contains the delimiter " + shown + " at byte 0", refusal(delimiters, delimiter));
    }

    @Test
    void linesAreShownWithTheEndThatTheySend() {
        assertEquals(
                "lines(\\n, maxPayloadBytes=9)",
                Delimiters.lines().maxPayloadBytes(9).toString());
        assertEquals(
                "lines(\\r \\n, maxPayloadBytes=9)",
                Delimiters.crlfLines().maxPayloadBytes(9).toString());
    }

    @Test
    void messageThatWouldSmuggleADelimiterInIsRefused() {
        Delimiters delimiters = Delimiters.of("aba".getBytes(ISO_8859_1));
        assertTrue(refusal(delimiters, "xxabaxx").endsWith("at byte 2"));
        assertEquals("message forms the delimiter aba with the real one", refusal(delimiters, "xxab"));
        assertTrue(refusal(Delimiters.lines(), "one\ntwo").contains("the delimiter \\n at byte 3"));
        assertTrue(refusal(Delimiters.crlfLines(), "one\r").contains("ends with CR"));
        for (String refused : new String[] {"one\ntwo", "one\r\ntwo"}) {
            assertFalse(refusal(Delimiters.crlfLines(), refused).contains("\n"));
        }
    }

    private static String refusal(Delimiters delimiters, String message) {
        ByteBuffer payload = ByteBuffer.wrap(message.getBytes(ISO_8859_1));
        return String.valueOf(assertThrows(IllegalArgumentException.class, () -> delimiters.check(payload))
                .getMessage());
    }
}

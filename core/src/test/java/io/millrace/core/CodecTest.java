package io.millrace.core;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.Hex;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodecTest {
    private static <M> M decode(Codec<M> codec, String hex) throws MalformedFrameException {
        byte[] payload = Hex.bytes(hex);
        // a direct buffer with something around the payload, as a receive buffer has
        ByteBuffer buffer = ByteBuffer.allocateDirect(payload.length + 6);
        buffer.put(2, payload).position(2).limit(2 + payload.length);
        return codec.decode(buffer);
    }

    private static byte[] encode(Codec<String> codec, String text) {
        ByteBuffer encoded = codec.encode(text);
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "a", "hello", "grüß dich", "\u20AC", "\uD83D\uDE00 smile", "\uFFFD sent on purpose", "\0"})
    void textComesBack(String text) throws Exception {
        for (Charset charset : List.of(UTF_8, UTF_16BE)) {
            Codec<String> codec = Codec.text(charset);
            assertArrayEquals(text.getBytes(charset), encode(codec, text));
            assertEquals(text, decode(codec, Hex.of(text.getBytes(charset))));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ff, 0",
        "61 62 ff 63, 2",
        "61 c3, 1",
        "61 c3 28, 1",
        "e2 82, 0",
        "f0 9f 98, 0",
        "c0 80, 0",
        "ed a0 80, 0",
        "efbfbd 80, 3"
    })
    void bytesThatAreNotUtf8AreRefusedWithTheirPlace(String hex, int offset) {
        MalformedFrameException refused = assertThrows(MalformedFrameException.class, () -> decode(Codec.utf8(), hex));
        assertEquals(
                "message of " + Hex.bytes(hex).length + " bytes is no UTF-8 text: malformed at offset " + offset,
                refused.getMessage());
    }

    @Test
    void textThatTheCharsetCannotWriteIsRefusedWithItsPlace() {
        assertRefused(Codec.utf8(), "ab\uD83D", "index 2");
        assertRefused(Codec.text(ISO_8859_1), "a\u20AC", "index 1");
        assertRefused(Codec.text(US_ASCII), "\u00FC", "US-ASCII", "index 0");
    }

    private static void assertRefused(Codec<String> codec, String text, String... shown) {
        String refused = String.valueOf(assertThrows(IllegalArgumentException.class, () -> codec.encode(text))
                .getMessage());
        for (String each : shown) {
            assertTrue(refused.contains(each), refused);
        }
    }

    @Test
    void otherCharsetsAreStrictToo() throws Exception {
        assertEquals("\u00FC", decode(Codec.text(ISO_8859_1), "fc"));
        MalformedFrameException refused =
                assertThrows(MalformedFrameException.class, () -> decode(Codec.text(US_ASCII), "61 fc"));
        assertTrue(String.valueOf(refused.getMessage()).endsWith("no US-ASCII text: malformed at offset 1"));
        assertThrows(MalformedFrameException.class, () -> decode(Codec.text(UTF_16BE), "00 61 00"));
    }

    @Test
    void charsetThatCanOnlyDecodeIsRefusedAtOnce() {
        Charset decodesOnly = Charset.forName("ISO-2022-CN");
        assertTrue(String.valueOf(assertThrows(IllegalArgumentException.class, () -> Codec.text(decodesOnly))
                        .getMessage())
                .contains("ISO-2022-CN"));
    }

    @Test
    void bytesAreCopiedWhenReceivedAndNotWhenSent() throws Exception {
        byte[] message = {1, 2, 3};
        ByteBuffer payload = ByteBuffer.wrap(message);
        byte[] received = Codec.bytes().decode(payload);
        assertArrayEquals(message, received);
        assertNotSame(message, received);
        assertSame(message, Codec.bytes().encode(message).array());
    }

    @Test
    void codecsOfTextAndBytesSayWhatTheyAre() {
        assertSame(Codec.utf8(), Codec.text(UTF_8));
        assertEquals("text(UTF-8)", Codec.utf8().toString());
        assertEquals("bytes()", Codec.bytes().toString());
    }
}

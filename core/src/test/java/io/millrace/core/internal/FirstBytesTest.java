package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FirstBytesTest {
    private static String describe(byte... bytes) {
        return FirstBytes.describe(ByteBuffer.wrap(bytes));
    }

    @Test
    void showsHexAndText() {
        assertEquals("first bytes 00 41 7f 20 \".A. \"", describe((byte) 0, (byte) 'A', (byte) 0x7F, (byte) ' '));
    }

    @Test
    void showsAtMostSixteenAndLeavesTheBufferAlone() {
        ByteBuffer bytes = ByteBuffer.wrap("--abcdefghijklmnopqrstuvwxyz".getBytes(StandardCharsets.US_ASCII))
                .position(2);
        String shown = FirstBytes.describe(bytes);
        assertTrue(shown.endsWith("\"abcdefghijklmnop\""), shown);
        assertEquals(2, bytes.position());
    }

    @Test
    void nothingIsShownAsNothing() {
        assertEquals("no bytes", describe());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"GET / HTTP/1.1\r\n", "HEAD / ", "POST /x", "PUT /x ", "DELETE /x", "OPTIONS *", "CONNECT a:1"})
    void recognisesHttp(String text) {
        String shown = describe(text.getBytes(StandardCharsets.US_ASCII));
        assertTrue(shown.endsWith(": this looks like an HTTP client"), shown);
    }

    @ParameterizedTest
    @CsvSource({
        "160301020001, a TLS client hello",
        "160303, a TLS client hello",
        "1f8b0800, gzip data",
        "5353482d322e30, an SSH client",
        "10000000ff, a little-endian length",
        "00010000ff, ''",
        "1603, a TLS client hello",
        "16, ''",
        "474554, ''",
        "01020304, ''"
    })
    void recognisesOthers(String hex, String guess) {
        String shown = describe(HexFormat.of().parseHex(hex));
        assertTrue(shown.endsWith(guess.isEmpty() ? "\"" : ": this looks like " + guess), shown);
    }
}

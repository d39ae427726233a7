package io.millrace.server.internal.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.MalformedFrameException;
import io.millrace.testing.Hex;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NetworkTest
class ProxyHeaderDecoderTest {
    private static final byte[] BEHIND = "PROXY behind".getBytes(US_ASCII);
    private static final byte[] IPV4 = Hex.bytes("c0000201 c6336407 dcd1 01bb");

    /** What the reader has: a buffer of the smallest size, into which the bytes come in pieces. */
    private static final class Feed {
        private final ProxyHeaderDecoder decoder = new ProxyHeaderDecoder();
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(512);

        /** Returns whether the header is complete; the buffer then has what is behind it. */
        boolean piece(byte[] bytes, int from, int to) throws MalformedFrameException {
            buffer.put(bytes, from, to - from).flip();
            boolean complete = decoder.decode(buffer);
            if (!complete) {
                assertTrue(buffer.remaining() <= ProxyHeaderDecoder.LEFT_BYTES, () -> buffer + " is left");
                buffer.compact();
            }
            return complete;
        }

        byte[] rest() {
            byte[] rest = new byte[buffer.remaining()];
            buffer.get(rest);
            return rest;
        }
    }

    private static ProxyHeaderDecoder decode(byte[] header) throws MalformedFrameException {
        return decode(header, 512);
    }

    private static ProxyHeaderDecoder decode(byte[] header, int pieceBytes) throws MalformedFrameException {
        Feed feed = new Feed();
        for (int from = 0; from < header.length; ) {
            int to = Math.min(header.length, from + Math.min(pieceBytes, feed.buffer.remaining()));
            assertEquals(to == header.length, feed.piece(header, from, to), "complete after " + to + " bytes");
            from = to;
        }
        return feed.decoder;
    }

    private static byte[] line(String text) {
        return (text + "\r\n").getBytes(US_ASCII);
    }

    private static void assertMalformed(byte[] bytes, String why) {
        // All at once, and byte by byte.
        for (int pieceBytes : List.of(512, 1)) {
            MalformedFrameException malformed =
                    assertThrows(MalformedFrameException.class, () -> decodeAnyhow(bytes, pieceBytes));
            assertTrue(malformed.getMessage().contains(why), malformed::getMessage);
        }
    }

    /** Feeds until the header is complete or wrong; fails if neither comes. */
    private static void decodeAnyhow(byte[] bytes, int pieceBytes) throws MalformedFrameException {
        Feed feed = new Feed();
        for (int from = 0; from < bytes.length; ) {
            int to = Math.min(bytes.length, from + Math.min(pieceBytes, feed.buffer.remaining()));
            if (feed.piece(bytes, from, to)) {
                return;
            }
            from = to;
        }
        throw new AssertionError("neither complete nor malformed");
    }

    @Test
    void linesNameBothEnds() throws Exception {
        ProxyHeaderDecoder four = decode(line("PROXY TCP4 192.0.2.1 198.51.100.7 56529 443"));
        assertEquals(1, four.version());
        assertFalse(four.isLocal());
        assertEquals(address("192.0.2.1", 56_529), four.source());
        assertEquals(address("198.51.100.7", 443), four.destination());
        assertNull(four.values());

        ProxyHeaderDecoder six = decode(line("PROXY TCP6 2001:DB8::1 ::1 0 65535"));
        assertEquals(address("2001:db8:0:0:0:0:0:1", 0), six.source());
        assertEquals(address("::1", 65_535), six.destination());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "::",
                "1::",
                "::8",
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8",
                "1:2:3::7:8",
                "ffff:FFFF:ffff:ffff:ffff:ffff:ffff:ffff",
                "0001:0002::",
                "::ffff:192.0.2.1",
                "64:ff9b::192.0.2.33",
                "1:2:3:4:5:6:255.255.255.255"
            })
    void ipv6AddressesAreTheOnesThatTheJdkReads(String text) throws Exception {
        ProxyHeaderDecoder decoded = decode(line("PROXY TCP6 " + text + " ::1 1 2"));

        assertEquals(address(text, 1), decoded.source());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":::",
                "1:::2",
                "1::2::3",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4:5:6:7:8::",
                "::1:2:3:4:5:6:7:8",
                "1:2:3:4::5:6:7:8",
                ":1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7:",
                "12345::",
                "00001::",
                "g::",
                "-1::",
                "+1::",
                "::1%1",
                "[::1]",
                "1.2.3.4::",
                "::1.2.3.4:1",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::1.2.3",
                "::1.2.3.04",
                "192.0.2.1",
                "localhost"
            })
    void whatIsNoIpv6AddressIsRefused(String text) {
        assertMalformed(line("PROXY TCP6 " + text + " ::1 1 2"), "address of TCP6");
        assertMalformed(line("PROXY TCP6 ::1 " + text + " 1 2"), "address of TCP6");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3.00",
                "1.2.3.-4",
                "1.2.3.+4",
                "0x1.2.3.4",
                "1..3.4",
                "1.2.3.4.",
                ".1.2.3",
                "::1",
                "localhost",
                "16909060"
            })
    void whatIsNoIpv4AddressIsRefused(String text) {
        assertMalformed(line("PROXY TCP4 " + text + " 1.2.3.4 1 2"), "address of TCP4");
        assertMalformed(line("PROXY TCP4 1.2.3.4 " + text + " 1 2"), "address of TCP4");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "+1", "01", "00", "65536", "99999", "100000", "1a", "0x1", "4294967297"})
    void whatIsNoPortIsRefused(String text) {
        assertMalformed(line("PROXY TCP4 1.2.3.4 1.2.3.4 " + text + " 2"), "port");
        assertMalformed(line("PROXY TCP4 1.2.3.4 1.2.3.4 1 " + text), "port");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2",
                "PROXY TCP4  1.2.3.4 1.2.3.4 1 2",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 ",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1",
                "PROXY TCP4\t1.2.3.4 1.2.3.4 1 2",
                "PROXY TCP4",
                "PROXY ",
                "PROXY tcp4 1.2.3.4 1.2.3.4 1 2",
                "PROXY TCP5 1.2.3.4 1.2.3.4 1 2",
                "PROXY UDP4 1.2.3.4 1.2.3.4 1 2",
                "PROXY UNKNOWNS",
                "PROXY unknown"
            })
    void linesThatAreNotExactlyRightAreRefused(String text) {
        assertMalformed(line(text), "must be");
    }

    @Test
    void unknownLinesNameNobodyWhateverFollows() throws Exception {
        for (String text : List.of("", " ", " 1 2 3", " ffff::1 ffff::2 65535 65535", " \0 any thing")) {
            ProxyHeaderDecoder decoded = decode(line("PROXY UNKNOWN" + text));
            assertNull(decoded.source());
            assertNull(decoded.destination());
            assertFalse(decoded.isLocal());
        }
    }

    @Test
    void lineMayHave107BytesAndNotOneMore() throws Exception {
        String longest = "PROXY UNKNOWN " + "x".repeat(107 - 14 - 2);
        assertNull(decode(line(longest)).source());

        assertMalformed(line(longest + "x"), "107");
        assertMalformed((longest + "xx").getBytes(US_ASCII), "107");
        assertMalformed(("PROXY TCP4 " + "1".repeat(1000)).getBytes(US_ASCII), "107");
    }

    @Test
    void linesEndWithBothCharacters() {
        assertMalformed("PROXY UNKNOWN\n".getBytes(US_ASCII), "CR and LF");
        assertMalformed("PROXY UNKNOWN\rx".getBytes(US_ASCII), "CR and LF");
        assertMalformed("PROXY UNKNOWN\r\r\n".getBytes(US_ASCII), "CR and LF");
        assertMalformed("PROXY UNKNOWN \n\r\n".getBytes(US_ASCII), "CR and LF");
    }

    @Test
    void otherBytesAreRefusedAtTheFirstThatDiffers() throws Exception {
        for (byte[] start : List.of(line("PROXY UNKNOWN"), binary(0x20, 0, new byte[0]))) {
            int decisive = start[0] == 'P' ? 6 : 12;
            for (int i = 0; i < decisive; i++) {
                byte[] wrong = start.clone();
                wrong[i] ^= 0x20;
                Feed feed = new Feed();
                assertFalse(feed.piece(wrong, 0, i));
                int at = i;
                assertThrows(MalformedFrameException.class, () -> feed.piece(wrong, at, at + 1));
            }
        }
    }

    @Test
    void binaryHeadersNameBothEnds() throws Exception {
        ProxyHeaderDecoder four = decode(binary(0x21, 0x11, IPV4));
        assertEquals(2, four.version());
        assertFalse(four.isLocal());
        assertEquals(address("192.0.2.1", 56_529), four.source());
        assertEquals(address("198.51.100.7", 443), four.destination());

        byte[] ipv6 = Hex.bytes("20010db8000000000000000000000001 00000000000000000000000000000001 ffff 0000");
        ProxyHeaderDecoder six = decode(binary(0x21, 0x21, ipv6));
        assertEquals(address("2001:db8::1", 65_535), six.source());
        assertEquals(address("::1", 0), six.destination());
    }

    @Test
    void ipv4InsideIpv6IsIpv4() throws Exception {
        byte[] mapped = Hex.bytes("00000000000000000000ffffc0000201 00000000000000000000ffffc6336407 0001 0002");

        assertEquals(address("192.0.2.1", 1), decode(binary(0x21, 0x21, mapped)).source());
    }

    @Test
    void localHeadersNameNobodyAndTheRestOfThemMeansNothing() throws Exception {
        for (byte[] block : List.of(new byte[0], new byte[1], IPV4, new byte[1000], new byte[65_535])) {
            for (int family : List.of(0x00, 0x11, 0xff)) {
                ProxyHeaderDecoder decoded = decode(binary(0x20, family, block));
                assertTrue(decoded.isLocal());
                assertNull(decoded.source());
                assertNull(decoded.values());
            }
        }
    }

    @Test
    void headersOfOtherNetworksNameNobody() throws Exception {
        byte[] nothing = new byte[0];
        byte[] unix = new byte[216];
        for (int family : List.of(0x00, 0x01, 0x02, 0x10, 0x20, 0x30)) {
            assertNull(decode(binary(0x21, family, nothing)).source());
            assertNull(decode(binary(0x21, family, new byte[700])).source());
        }
        assertNull(decode(binary(0x21, 0x12, IPV4)).source());
        assertNull(decode(binary(0x21, 0x31, unix)).source());
        assertNull(decode(binary(0x21, 0x32, unix)).source());
        assertEquals(
                "h2",
                values(decode(binary(0x21, 0x31, join(unix, tlv(0x01, "h2"))))).alpn());
    }

    @Test
    void unknownVersionsCommandsFamiliesAndTransportsAreRefused() {
        for (int one = 0; one < 256; one++) {
            if (one != 0x20 && one != 0x21) {
                assertMalformed(binary(one, 0x11, IPV4), "version and command");
            }
            if (one >> 4 > 3 || (one & 0xf) > 2) {
                assertMalformed(binary(0x21, one, new byte[300]), "is not known");
            }
        }
    }

    @Test
    void headersThatHaveNoRoomForTheirAddressesAreRefused() {
        assertMalformed(binary(0x21, 0x11, new byte[11]), "no room");
        assertMalformed(binary(0x21, 0x21, new byte[35]), "no room");
        assertMalformed(binary(0x21, 0x31, new byte[215]), "no room");
        assertMalformed(binary(0x21, 0x12, new byte[0]), "no room");
    }

    @Test
    void valuesAreKeptWhereverTheyAre() throws Exception {
        byte[] host = "host.example".getBytes(UTF_8);
        byte[] id = {0, 1, -1};
        byte[] endpoint = "\001vpce-0123".getBytes(US_ASCII);
        byte[] padding = tlv(0x04, new byte[3000]);
        byte[] unregistered = tlv(0xE5, new byte[257]);

        HeaderTlvs values = values(decode(binary(
                0x21,
                0x11,
                join(
                        IPV4,
                        tlv(0x01, "h2"),
                        padding,
                        tlv(0x02, host),
                        unregistered,
                        tlv(0x05, id),
                        tlv(0xEA, endpoint)))));

        assertEquals("h2", values.alpn());
        assertEquals("host.example", values.authority());
        assertArrayEquals(id, values.uniqueId());
        assertEquals("vpce-0123", values.awsVpcEndpoint());
    }

    @Test
    void valuesThatAreMissingForeignOrLongAreNotThere() throws Exception {
        HeaderTlvs none = values(decode(binary(0x21, 0x11, IPV4)));
        assertNull(none.alpn());
        assertNull(none.authority());
        assertNull(none.uniqueId());
        assertNull(none.awsVpcEndpoint());

        HeaderTlvs others = values(decode(binary(
                0x21,
                0x11,
                join(IPV4, tlv(0xEA, "\002other"), tlv(0xEA, ""), tlv(0x02, "a".repeat(256)), tlv(0x01, "")))));
        assertNull(others.awsVpcEndpoint());
        assertNull(others.authority());
        assertEquals("", others.alpn());
        byte[] longest = tlv(0x02, "a".repeat(255));
        assertNotNull(values(decode(binary(0x21, 0x11, join(IPV4, longest)))).authority());
    }

    @Test
    void firstOfTwoValuesCounts() throws Exception {
        byte[] twice = join(IPV4, tlv(0x02, "one"), tlv(0x02, "two"), tlv(0x05, "1"), tlv(0x05, "2"));
        HeaderTlvs values = values(decode(binary(0x21, 0x11, twice)));

        assertEquals("one", values.authority());
        assertArrayEquals(new byte[] {'1'}, values.uniqueId());
    }

    @Test
    void valuesThatDoNotFitIntoTheHeaderAreRefused() {
        assertMalformed(binary(0x21, 0x11, join(IPV4, new byte[1])), "no TLV is so short");
        assertMalformed(binary(0x21, 0x11, join(IPV4, tlv(0x04, "x"), new byte[2])), "no TLV is so short");
        assertMalformed(binary(0x21, 0x11, join(IPV4, Hex.bytes("01 0003 6832"))), "longer than the header");
        assertMalformed(binary(0x21, 0x11, join(IPV4, Hex.bytes("e5 ffff 6832"))), "longer than the header");
        assertMalformed(binary(0x21, 0x11, join(IPV4, tlv(0x05, new byte[129]))), "unique id");
        assertMalformed(binary(0x21, 0x11, join(IPV4, tlv(0x03, new byte[3]))), "checksum");
    }

    @Test
    void checksumIsVerifiedOverTheWholeHeader() throws Exception {
        byte[] header = ProxyHeaders.withChecksum(join(tlv(0x04, new byte[600]), tlv(0x02, "host")), tlv(0x01, "h2"));
        for (int pieceBytes : List.of(512, 7, 1)) {
            assertEquals("h2", values(decode(header, pieceBytes)).alpn());
        }

        // Bits of the address, of skipped and of kept values, and of the checksum itself.
        for (int at : List.of(16, 27, 40, 500, header.length - 1, header.length - 6)) {
            byte[] wrong = header.clone();
            wrong[at] ^= 1;
            assertMalformed(wrong, "checksum is wrong");
        }
        assertMalformed(ProxyHeaders.withChecksum(tlv(0x03, new byte[4]), new byte[0]), "one checksum");
    }

    @Test
    void longestHeaderPassesThroughTheSmallestBuffer() throws Exception {
        byte[] rest = new byte[65_535 - IPV4.length - 3 - tlv(0x01, "h2").length];
        byte[] longest = binary(0x21, 0x11, join(IPV4, tlv(0xE0, rest), tlv(0x01, "h2")));
        assertEquals(16 + 65_535, longest.length);

        assertEquals("h2", values(decode(longest)).alpn());
    }

    @Test
    void everySplitGivesTheSameAndLeavesWhatIsBehind() throws Exception {
        byte[] values = join(tlv(0x02, "host"), tlv(0xE7, new byte[40]), tlv(0x05, "id"));
        for (byte[] header : List.of(
                line("PROXY TCP4 192.0.2.1 198.51.100.7 56529 443"),
                line("PROXY UNKNOWN anything"),
                ProxyHeaders.withChecksum(values, tlv(0x01, "h2")),
                binary(0x20, 0x11, IPV4),
                binary(0x21, 0x31, join(new byte[216], values)))) {
            ProxyHeaderDecoder whole = decode(header);
            byte[] stream = join(header, BEHIND);
            for (int first = 0; first < header.length; first++) {
                for (int second = first; second < header.length; second += 5) {
                    Feed feed = new Feed();
                    assertFalse(feed.piece(stream, 0, first));
                    assertFalse(feed.piece(stream, first, second));
                    assertTrue(feed.piece(stream, second, stream.length));
                    assertEquals(whole.source(), feed.decoder.source());
                    assertEquals(whole.isLocal(), feed.decoder.isLocal());
                    assertArrayEquals(BEHIND, feed.rest());
                }
            }
        }
    }

    @Test
    void anyBytesGiveAHeaderOrTheRefusalAndNothingElse(Seed seed) throws Exception {
        Random random = seed.random("bytes");
        byte[] values = join(tlv(0x02, "host"), tlv(0x04, new byte[300]));
        List<byte[]> patterns = List.of(
                line("PROXY TCP4 192.0.2.1 198.51.100.7 56529 443"),
                line("PROXY TCP6 2001:db8::1 ::1 1 2"),
                line("PROXY UNKNOWN"),
                ProxyHeaders.withChecksum(values, tlv(0x01, "h2")),
                binary(0x21, 0x21, join(new byte[36], values)));
        int complete = 0;
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = patterns.get(random.nextInt(patterns.size())).clone();
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            Feed feed = new Feed();
            try {
                for (int from = 0; from < bytes.length; ) {
                    int to = Math.min(bytes.length, from + 1 + random.nextInt(feed.buffer.remaining()));
                    if (feed.piece(bytes, from, to)) {
                        complete++;
                        break;
                    }
                    from = to;
                }
            } catch (MalformedFrameException expected) {
                refused++;
            }
        }
        assertTrue(complete > 1000 && refused > 1000, complete + " complete, " + refused + " refused");
    }

    private static HeaderTlvs values(ProxyHeaderDecoder decoder) {
        HeaderTlvs values = decoder.values();
        assertNotNull(values);
        return values;
    }

    private static byte[] binary(int versionAndCommand, int family, byte[] block) {
        return ProxyHeaders.binary(versionAndCommand, family, block);
    }

    private static byte[] tlv(int type, byte[] value) {
        return ProxyHeaders.tlv(type, value);
    }

    private static byte[] tlv(int type, String value) {
        return ProxyHeaders.tlv(type, value.getBytes(UTF_8));
    }

    private static byte[] join(byte[]... parts) {
        return ProxyHeaders.join(parts);
    }

    private static InetSocketAddress address(String host, int port) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(host), port);
    }
}

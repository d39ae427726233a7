package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("engine")
class SessionFramingIT {
    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static void expectEcho(Link link, byte[] payload) throws Exception {
        link.peer().sendFrame(payload);
        assertArrayEquals(payload, link.peer().readFrame());
    }

    @Test
    @Tag("framing")
    void frameThatDripsInIsDeliveredOnceAndWhole() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            byte[] payload = pattern(700);
            link.peer().drip(RawPeer.frame(payload));
            assertArrayEquals(payload, link.peer().readFrame());
            assertEquals(1, link.recording().messages().size());
            SessionStats all = new SessionStats(704, 1, 704, 1);
            // the peer may have the last byte before the completion of its write is counted
            Awaitility.await().until(() -> link.session().stats().equals(all));
        }
    }

    @Test
    @Tag("framing")
    void framesSurviveASplitAtEveryOffset() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            byte[] one = pattern(11);
            byte[] other = pattern(6);
            byte[] both = concat(RawPeer.frame(one), RawPeer.frame(other));
            for (int cut = 1; cut < both.length; cut++) {
                link.peer().send(both, 0, cut);
                // whatever is complete comes back before the rest is sent, so the cut is really there
                if (cut >= 15) {
                    assertArrayEquals(one, link.peer().readFrame());
                }
                link.peer().send(both, cut, both.length);
                if (cut < 15) {
                    assertArrayEquals(one, link.peer().readFrame());
                }
                assertArrayEquals(other, link.peer().readFrame());
            }
        }
    }

    @Test
    @Tag("framing")
    void thousandFramesAndAHalfAreDeliveredInOrderAndTheRestIsKept() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            ByteArrayOutputStream segment = new ByteArrayOutputStream();
            for (int i = 0; i < 1_000; i++) {
                segment.writeBytes(
                        RawPeer.frame(ByteBuffer.allocate(4).putInt(i).array()));
            }
            byte[] last = RawPeer.frame(pattern(20));
            segment.write(last, 0, 12);
            link.peer().sendMeanwhile(segment.toByteArray());
            for (int i = 0; i < 1_000; i++) {
                assertEquals(i, ByteBuffer.wrap(link.peer().readFrame()).getInt());
            }
            assertEquals(1_000, link.recording().messages().size());
            link.peer().send(last, 12, last.length);
            assertArrayEquals(pattern(20), link.peer().readFrame());
        }
    }

    @Test
    @Tag("framing")
    void emptyFrameIsAnEmptyMessage() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            for (int i = 0; i < 3; i++) {
                expectEcho(link, new byte[0]);
            }
            assertEquals(3, link.recording().messages().size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            ints = {1, 507, 508, 509, 511, 512, 513, 65_532, 65_535, 65_536, 65_537, 65_540, 65_541, 69_628, 69_629})
    void framesAroundTheSizesOfBuffersComeBack(int length) throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            byte[] payload = pattern(length);
            for (int i = 0; i < 3; i++) {
                link.peer().sendMeanwhile(RawPeer.frame(payload));
                assertArrayEquals(payload, link.peer().readFrame());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 16 << 20})
    void largeFramesAreAssembledAndTheirMemoryIsGivenBack(int length) throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            byte[] payload = pattern(length);
            link.peer().sendMeanwhile(RawPeer.frame(payload));
            assertArrayEquals(payload, link.peer().readFrame());
            expectEcho(link, new byte[1]);
            assertTrue(
                    loopback.stats().bufferBytesLeased() <= 3 * 69_632,
                    loopback.stats().toString());
        }
    }

    @Test
    @Tag("framing")
    void memoryFollowsTheBytesReceivedNotTheBytesDeclared() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            link.peer().send(RawPeer.frame(new byte[16 << 20]), 0, 1_028);
            Awaitility.await().until(() -> link.session().stats().bytesReceived() == 1_028);
            // one that comes later has been served when its echo is here, so what the first one made us lease is leased
            expectEcho(loopback.openBystander(), new byte[1]);
            assertTrue(
                    loopback.stats().bufferBytesLeased() <= 69_632 + 1_024,
                    loopback.stats().toString());
        }
    }

    @ParameterizedTest
    @Tag("framing")
    @CsvSource({
        "7fffffff, declared length 2147483647, FrameTooLongException",
        "01000001, declared length 16777217, FrameTooLongException",
        "80000000, declared length -2147483648 is negative, MalformedFrameException",
        "ffffffff, declared length -1 is negative, MalformedFrameException"
    })
    void impossibleLengthClosesBeforeAnythingIsAllocated(String hex, String shown, String exception) throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link bystander = loopback.openBystander();
            expectEcho(bystander, new byte[1]);
            Link link = loopback.open();
            long heldBefore = loopback.stats().bufferBytesHeld();
            link.peer().send(HexFormat.of().parseHex(hex));
            link.peer().expectEndOfStream();
            assertEquals(heldBefore, loopback.stats().bufferBytesHeld());
            link.peer().close();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            String detail = reason.detail();
            assertTrue(detail.contains(shown), detail);
            assertTrue(hex.startsWith("8") || hex.startsWith("f") || detail.contains("16777216"), detail);
            assertTrue(detail.contains("peer " + link.peer().localAddress()), detail);
            assertTrue(
                    detail.contains(
                            HexFormat.ofDelimiter(" ").formatHex(HexFormat.of().parseHex(hex))),
                    detail);
            assertEquals(exception, String.valueOf(reason.cause()).replaceAll(".*core\\.(\\w+):.*", "$1"));
            assertEquals(
                    List.of("onOpen", "onMalformed", "onClose"),
                    link.recording().events());
            expectEcho(bystander, new byte[1]);
        }
    }

    @Test
    @Tag("framing")
    void httpClientIsRecognised() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            link.peer().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            link.peer().closeOutput();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertTrue(reason.detail().contains("1195725856"), reason.detail());
            assertTrue(reason.detail().endsWith(": this looks like an HTTP client"), reason.detail());
        }
    }

    @Test
    @Tag("framing")
    void tlsClientIsRecognised() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            link.peer().send(HexFormat.of().parseHex("16030102000100"));
            link.peer().closeOutput();
            CloseReason reason = link.recording().awaitClose();
            assertTrue(reason.detail().endsWith(": this looks like a TLS client hello"), reason.detail());
        }
    }

    @Test
    @Tag("framing")
    void framesBeforeAMalformedOneAreDeliveredAndAnswered() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Link link = loopback.open();
            link.peer().send(concat(RawPeer.frame((byte) 1), RawPeer.frame((byte) 2), new byte[] {-1, -1, -1, -1}));
            assertArrayEquals(new byte[] {1}, link.peer().readFrame());
            assertArrayEquals(new byte[] {2}, link.peer().readFrame());
            link.peer().expectEndOfStream();
        }
    }

    @Test
    @Tag("framing")
    void rawProtocolEchoesTheStream() throws Exception {
        try (Loopback loopback = Loopback.builder().protocol(Protocol.raw()).start()) {
            Link link = loopback.open();
            byte[] bytes = pattern(3_000);
            link.peer().sendMeanwhile(bytes);
            assertArrayEquals(bytes, link.peer().readExactly(3_000));
        }
    }

    @Test
    @Tag("framing")
    void everyPrefixWorksOverASocket() throws Exception {
        for (PrefixHandler prefix : List.of(
                PrefixHandler.int8(),
                PrefixHandler.int16().littleEndian(),
                PrefixHandler.int24(),
                PrefixHandler.int64())) {
            try (Loopback loopback = Loopback.builder().protocol(prefix).start()) {
                Link link = loopback.open();
                ByteBuffer frame = ByteBuffer.allocate(prefix.width() + 200);
                prefix.putHeader(frame, FrameKind.MESSAGE, 0, 200);
                frame.put(pattern(200));
                link.peer().send(frame.array());
                assertArrayEquals(frame.array(), link.peer().readExactly(frame.capacity()));
            }
        }
    }

    @Test
    void noMemoryForAFrameClosesOnlyItsSession() throws Exception {
        try (Loopback loopback = Loopback.builder().bufferMemory(4 << 20).start()) {
            Link bystander = loopback.openBystander();
            expectEcho(bystander, new byte[1]);
            Link link = loopback.open();
            link.peer().sendMeanwhile(RawPeer.frame(new byte[8 << 20]));
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.REJECTED, reason.kind());
            assertTrue(reason.detail().contains("bufferMemory"), reason.detail());
            assertInstanceOf(TransportException.class, reason.cause());
            expectEcho(bystander, new byte[1]);
        }
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(all::writeBytes);
        return all.toByteArray();
    }

    @Test
    void largeFramesMemoryIsGivenBackWhenThePeerStopsInsideTheNextOne() throws Exception {
        try (Loopback loopback = Loopback.of((session, message) -> {})) {
            Link link = loopback.open();
            link.peer().send(concat(RawPeer.frame(new byte[4 << 20]), new byte[] {0}));
            link.recording().awaitMessages(1);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(2))
                    .untilAsserted(() -> assertTrue(
                            loopback.stats().bufferBytesLeased() <= 69_632,
                            loopback.stats().toString()));
        }
    }
}

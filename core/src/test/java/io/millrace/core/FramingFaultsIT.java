package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.testing.Hex;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** F05, F06, F07: lengths at their limit, and lengths that promise more than they keep, on many connections. */
@Tag("engine")
@NetworkTest
class FramingFaultsIT {
    private static final int LIMIT = 100;
    private static final int SMALL = 50;
    private static final int FULL = 1_000;

    static Stream<PrefixHandler> prefixes() {
        return Stream.of(
                        PrefixHandler.int8(),
                        PrefixHandler.int16(),
                        PrefixHandler.int24(),
                        PrefixHandler.int32(),
                        PrefixHandler.int64())
                .map(prefix -> prefix.maxPayloadBytes(LIMIT))
                .flatMap(prefix -> Stream.of(prefix, prefix.littleEndian()));
    }

    private static byte[] frame(PrefixHandler prefix, int length) {
        ByteBuffer frame = ByteBuffer.allocate(prefix.width() + length);
        // the limit is the receiver's; the sender knows no better
        prefix.maxPayloadBytes(2 * LIMIT).putHeader(frame, FrameKind.MESSAGE, 0, length);
        while (frame.hasRemaining()) {
            frame.put((byte) frame.position());
        }
        return frame.array();
    }

    @ParameterizedTest
    @MethodSource("prefixes")
    void lengthsUpToTheLimitPassAndOneMoreIsRefused(PrefixHandler prefix) throws Exception {
        try (Loopback loopback = Loopback.builder().protocol(prefix).start()) {
            Link link = loopback.open();
            for (int length : new int[] {LIMIT - 1, LIMIT}) {
                byte[] frame = frame(prefix, length);
                link.peer().send(frame);
                assertArrayEquals(frame, link.peer().readExactly(frame.length));
            }
            link.peer().send(frame(prefix, LIMIT + 1));
            link.peer().expectEndOfStream();
            link.peer().close();
            CloseReason reason = link.recording().awaitClose();
            assertEquals(Kind.PROTOCOL, reason.kind());
            assertTrue(reason.detail().contains("declared length 101"), reason.detail());
            assertEquals(2, link.recording().messages().size());
        }
    }

    @Test
    void hugeLengthsOnManyConnectionsAllocateNothing() throws Exception {
        declareHugeOn(SMALL);
    }

    @Test
    @Tag("heavy")
    void hugeLengthsOnThousandConnectionsAllocateNothing() throws Exception {
        declareHugeOn(FULL);
    }

    private static void declareHugeOn(int connections) throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            List<Link> links = openAll(loopback, connections);
            long held = loopback.stats().bufferBytesHeld();
            for (Link link : links) {
                Hex.send(link.peer(), "7fffffff");
            }
            for (Link link : links) {
                link.peer().expectEndOfStream();
                link.peer().close();
                assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
            }
            assertEquals(held, loopback.stats().bufferBytesHeld());
        }
    }

    @Test
    void memoryOfManyConnectionsFollowsTheBytesReceived() throws Exception {
        promiseLargeFramesOn(SMALL);
    }

    @Test
    @Tag("heavy")
    void memoryOfThousandConnectionsFollowsTheBytesReceived() throws Exception {
        promiseLargeFramesOn(FULL);
    }

    private static void promiseLargeFramesOn(int connections) throws Exception {
        int sent = 1_028;
        long each = 69_632;
        try (Loopback loopback = Loopback.builder().bufferMemory(128 << 20).start()) {
            List<Link> links = openAll(loopback, connections);
            byte[] start = ByteBuffer.allocate(sent).putInt(16 << 20).array();
            for (Link link : links) {
                link.peer().send(start);
            }
            int all = RawPeer.frame().length + sent;
            for (Link link : links) {
                LeakCheck.awaitSoon("received", () -> link.session().stats().bytesReceived() == all);
            }
            Link bystander = loopback.openBystander();
            bystander.peer().sendFrame((byte) 1);
            bystander.peer().readFrame();
            IoGroupStats stats = loopback.stats();
            assertTrue(stats.bufferBytesLeased() <= (connections + 1) * each, stats.toString());
            assertEquals(0, stats.bufferMisses());
            assertTrue(links.stream().allMatch(link -> link.session().isOpen()));
        }
    }

    private static List<Link> openAll(Loopback loopback, int connections) throws Exception {
        List<Link> links = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Link link = loopback.open();
            link.peer().send(RawPeer.frame());
            link.peer().readFrame();
            links.add(link);
        }
        return links;
    }
}

package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.server.Audience.CountingProtocol;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One message to many sessions: what each gets, and what slow ones cost. */
@Tag("engine")
class BroadcastIT {
    private static final int SMALL_BUFFER = 4 << 10;
    private static final byte[] GO = "go".getBytes(StandardCharsets.UTF_8);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    /** Text, so that every protocol can carry it; each message is different. */
    private static byte[] message(int number, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) ('a' + number % 26));
        byte[] start = (number + ":").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(start, 0, bytes, 0, Math.min(start.length, length));
        return bytes;
    }

    private static Protocol protocol(String name, int length) {
        return switch (name) {
            case "prefixed" -> Protocol.lengthPrefixed();
            case "lines" -> Protocol.delimited((byte) '\r', (byte) '\n');
            case "fixed" -> Protocol.fixed(length);
            case "millrace" -> Protocol.millrace();
            case "seed" -> Protocol.seed();
            default -> Protocol.raw();
        };
    }

    private static UnaryOperator<TcpServerBuilder> queues(int low, int high, int limit) {
        return builder -> builder.sessions(
                SessionConfig.builder().sendMarks(low, high).sendLimit(limit).build());
    }

    /** What a peer sees of a message. */
    private static byte[] wire(String name, byte[] payload, int transmission, int session) {
        ByteBuffer out = ByteBuffer.allocate(payload.length + 16);
        switch (name) {
            case "prefixed" -> out.putInt(payload.length).put(payload);
            case "lines" -> out.put(payload).put((byte) '\r').put((byte) '\n');
            case "millrace" -> out.putInt(payload.length + 1).put((byte) 0).put(payload);
            case "seed" ->
                out.order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(8 + payload.length)
                        .putInt(transmission)
                        .putInt(session)
                        .put(payload);
            default -> out.put(payload);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    @ParameterizedTest
    @CsvSource({
        "prefixed, 64",
        "prefixed, 5000",
        "prefixed, 300000",
        "lines, 64",
        "lines, 65536",
        "fixed, 64",
        "fixed, 70000",
        "millrace, 64",
        "millrace, 200000",
        "seed, 64",
        "seed, 70000",
        "raw, 64",
        "raw, 70000"
    })
    void everyMemberGetsTheFrameOfItsProtocol(String name, int length) throws Exception {
        Audience audience = new Audience(leaks, protocol(name, length)).connectMany(3);
        SessionGroup all = audience.allIn("all");
        for (int number = 0; number < 3; number++) {
            BroadcastResult result = all.broadcast(message(number, length));
            assertEquals(3, result.sent(), result.toString());
            assertTrue(result.isComplete());
        }
        for (int peer = 0; peer < 3; peer++) {
            for (int number = 0; number < 3; number++) {
                // A session draws its first transmission number when it is accepted, and another after each reply.
                int transmission = number == 0 ? peer + 1 : 3 + 3 * (number - 1) + peer + 1;
                byte[] expected = wire(name, message(number, length), transmission, peer + 1);
                assertArrayEquals(expected, audience.peers.get(peer).readExactly(expected.length));
            }
        }
        awaitSoon("all is written", () -> audience.sessions.stream().allMatch(s -> s.queuedBytes() == 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 1_024, 100_000})
    void messageIsCheckedAndFramedOnceForAllMembers(int length) throws Exception {
        CountingProtocol protocol = new CountingProtocol();
        Audience audience = new Audience(leaks, protocol).connectMany(100);

        assertEquals(
                100,
                audience.server.broadcast(ByteBuffer.wrap(message(1, length))).sent());

        for (RawPeer peer : audience.peers) {
            assertArrayEquals(message(1, length), peer.readFrame());
        }
        assertEquals(1, protocol.frames.get());
        assertEquals(1, protocol.checks.get());
        assertEquals(1, audience.sessions.get(99).stats().messagesSent());
        assertEquals(length + 4, audience.sessions.get(99).stats().bytesSent());
    }

    /** Frames that are numbered session by session. */
    private static final class NumberingProtocol implements Protocol {
        @Override
        public FrameDecoder newDecoder(Side side) {
            return Protocol.lengthPrefixed().newDecoder(side);
        }

        @Override
        public FrameEncoder newEncoder(Side side) {
            return new FrameEncoder() {
                private int number;

                @Override
                public void check(ByteBuffer payload) {}

                @Override
                public int headerLength(FrameKind kind, int payloadLength) {
                    return 5;
                }

                @Override
                public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
                    out.putInt(payloadLength + 1).put((byte) number++);
                }
            };
        }
    }

    @Test
    void encodersWithStateFrameEachMembersMessageForItself() throws Exception {
        Audience audience = new Audience(leaks, new NumberingProtocol()).connectMany(10);
        for (int i = 0; i < 10; i++) {
            for (int sent = 0; sent < i; sent++) {
                audience.sessions.get(i).send(new byte[] {9});
            }
        }
        audience.allIn("all").broadcast(new byte[] {7});
        for (int i = 0; i < 10; i++) {
            for (int sent = 0; sent < i; sent++) {
                assertArrayEquals(
                        new byte[] {(byte) sent, 9}, audience.peers.get(i).readFrame());
            }
            assertArrayEquals(new byte[] {(byte) i, 7}, audience.peers.get(i).readFrame());
        }
    }

    @Test
    void upgradedMembersGetTheFrameOfTheirNewProtocolOrNone() throws Exception {
        Protocol tooShort = Protocol.fixed(2);
        Audience audience = new Audience(
                leaks,
                Protocol.lines(),
                (session, message) -> {
                    boolean isLong = message.get(0) == 'l';
                    session.upgrade(isLong ? Protocol.lengthPrefixed() : tooShort, (same, next) -> {});
                    session.send(GO);
                },
                builder -> builder);
        audience.connectMany(4);
        audience.peers.get(0).send("long\n".getBytes(StandardCharsets.US_ASCII));
        audience.peers.get(1).send("fixed\n".getBytes(StandardCharsets.US_ASCII));
        assertArrayEquals(GO, audience.peers.get(0).readFrame());
        assertArrayEquals(GO, audience.peers.get(1).readExactly(2));

        BroadcastResult result = audience.allIn("all").broadcast("hello", Codec.utf8());

        assertEquals(new BroadcastResult(3, 0, 1, 0), result);
        assertArrayEquals(
                "hello".getBytes(StandardCharsets.US_ASCII),
                audience.peers.get(0).readFrame());
        for (int i = 2; i < 4; i++) {
            assertArrayEquals(
                    "hello\n".getBytes(StandardCharsets.US_ASCII),
                    audience.peers.get(i).readExactly(6));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> audience.server.broadcast(ByteBuffer.wrap("a\nb".getBytes(StandardCharsets.US_ASCII))));
        audience.server.broadcast(ByteBuffer.wrap(GO));
        assertArrayEquals(GO, audience.peers.get(0).readFrame());
        assertArrayEquals(GO, audience.peers.get(1).readExactly(2));
    }

    @Test
    void messageThatCannotBeSentIsSentToNobody() throws Exception {
        Audience audience = new Audience(
                leaks,
                Protocol.lengthPrefixed(),
                (session, message) -> {},
                builder -> builder.sessions(SessionConfig.builder()
                        .heartbeat(HeartbeatConfig.every(Duration.ofMinutes(1)))
                        .build()));
        audience.connectMany(2);
        SessionGroup all = audience.allIn("all");

        assertThrows(IllegalArgumentException.class, () -> all.broadcast(new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> all.broadcast(ByteBuffer.allocate((16 << 20) + 1)));

        all.broadcast(GO);
        for (RawPeer peer : audience.peers) {
            assertArrayEquals(GO, peer.readFrame());
        }
    }

    @Test
    void someCanBeLeftOut() throws Exception {
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed()).connectMany(3);
        SessionGroup all = audience.allIn("all");

        assertEquals(2, all.except(audience.sessions.get(1)).broadcast(GO).sent());
        audience.sessions.forEach(session -> session.send(new byte[] {1}));

        assertArrayEquals(GO, audience.peers.get(0).readFrame());
        assertArrayEquals(new byte[] {1}, audience.peers.get(1).readFrame());
        assertArrayEquals(GO, audience.peers.get(2).readFrame());
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 100, 300})
    void broadcastInACallbackReachesGroupsOfEverySize(int members) throws Exception {
        CompletableFuture<TcpServer> server = new CompletableFuture<>();
        Audience audience = new Audience(
                leaks,
                Protocol.lengthPrefixed(),
                (session, message) -> {
                    session.send(new byte[] {1});
                    server.join().groups().group("all").broadcast(message);
                    session.send(new byte[] {2});
                },
                builder -> builder);
        server.complete(audience.server);
        audience.connectMany(members).allIn("all");

        audience.peers.get(0).send(RawPeer.frame(GO));

        assertArrayEquals(new byte[] {1}, audience.peers.get(0).readFrame());
        for (RawPeer peer : audience.peers) {
            assertArrayEquals(GO, peer.readFrame());
        }
        assertArrayEquals(new byte[] {2}, audience.peers.get(0).readFrame());
    }

    @Test
    void eachThreadsBroadcastsAndSendsKeepTheirOrderInEveryMember() throws Exception {
        int rounds = 300;
        Audience audience = new Audience(
                leaks, Protocol.lengthPrefixed(), (session, message) -> {}, queues(1 << 20, 2 << 20, 16 << 20));
        audience.connectMany(80);
        SessionGroup all = audience.allIn("all");
        int[] lengths = {10, 700, 9_000, 3};
        AtomicInteger lost = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (byte sender = 0; sender < 2; sender++) {
            byte me = sender;
            Thread thread = new Thread(() -> {
                for (int i = 0; i < rounds; i++) {
                    byte[] message = new byte[lengths[i % 4]];
                    message[0] = me;
                    message[1] = (byte) i;
                    if (i % 4 == 3) {
                        audience.sessions.forEach(
                                session -> lost.addAndGet(session.send(message).isAccepted() ? 0 : 1));
                    } else {
                        lost.addAndGet(all.broadcast(message).dropped());
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (RawPeer peer : audience.peers) {
            int[] next = new int[2];
            for (int i = 0; i < 2 * rounds; i++) {
                byte[] message = peer.readFrame();
                assertEquals(0, lost.get());
                int expected = next[message[0]]++;
                assertEquals((byte) expected, message[1]);
                assertEquals(lengths[expected % 4], message.length);
            }
        }
        for (Thread thread : threads) {
            thread.join(10_000);
        }
    }

    private Audience withSlowOnes(int slow) throws Exception {
        Audience audience = new Audience(
                leaks, Protocol.lengthPrefixed(), (session, message) -> {}, queues(16 << 10, 64 << 10, 256 << 10));
        audience.connect(0);
        for (int i = 0; i < slow; i++) {
            audience.connect(SMALL_BUFFER);
        }
        return audience;
    }

    @Test
    void slowMembersMissMessagesAndShareTheMemoryOfThoseTheyHave() throws Exception {
        Audience audience = withSlowOnes(20);
        SessionGroup all = audience.allIn("all");
        int dropped = 0;
        long most = 0;
        for (int i = 0; i < 3_000 && dropped < 2_000; i++) {
            BroadcastResult result = all.broadcast(message(i, 8 << 10));
            dropped += result.dropped();
            assertEquals(21, result.members());
            assertEquals(0, result.closed());
            assertArrayEquals(message(i, 8 << 10), audience.peers.get(0).readFrame());
            most = Math.max(most, audience.group.stats().bufferBytesLeased());
        }
        assertTrue(dropped >= 2_000, "nobody was slow");
        for (Session slow : audience.sessions.subList(1, 21)) {
            assertTrue(slow.isOpen());
            assertTrue(slow.queuedBytes() <= 256 << 10, slow.queuedBytes() + " bytes are queued");
        }
        // 20 queues of 256 KiB each; what they have in common counts once, and each may hold other messages than the
        // next one by a few.
        assertTrue(most < 20 * (256 << 10) / 2, most + " bytes were leased");
    }

    @Test
    void congestedMembersCanBeSkipped() throws Exception {
        Audience audience = withSlowOnes(1);
        SessionGroup all = audience.allIn("all").slowMembers(SlowMemberPolicy.SKIP_CONGESTED);
        BroadcastResult result = all.broadcast(message(0, 8 << 10));
        int sent = 1;
        boolean congested = false;
        for (; result.dropped() == 0 && sent < 3_000; sent++) {
            assertArrayEquals(message(sent - 1, 8 << 10), audience.peers.get(0).readFrame());
            congested = result.congested() > 0;
            result = all.broadcast(message(sent, 8 << 10));
        }
        assertTrue(congested, "the last one that got through was told of");
        assertEquals(new BroadcastResult(1, 0, 1, 0), result);
        assertTrue(audience.sessions.get(1).queuedBytes() <= (64 << 10) + (9 << 10));
        for (int i = 0; i < sent - 1; i++) {
            assertArrayEquals(message(i, 8 << 10), audience.peers.get(1).readFrame());
        }
        awaitSoon("the queue is short again", () -> all.broadcast(GO).sent() == 2);
    }

    @Test
    void slowMembersCanBeClosed() throws Exception {
        Audience audience = withSlowOnes(2);
        SessionGroup all = audience.allIn("all").slowMembers(SlowMemberPolicy.CLOSE);
        List<Session> slowOnes = audience.sessions.subList(1, 3);
        // Not by counting: one that is closed counts in each broadcast until it has left.
        for (int i = 0; i < 3_000 && slowOnes.stream().anyMatch(Session::isOpen); i++) {
            assertEquals(0, all.broadcast(message(i, 8 << 10)).dropped());
            assertArrayEquals(message(i, 8 << 10), audience.peers.get(0).readFrame());
        }
        for (Session slow : slowOnes) {
            CloseReason reason = slow.closed().get(10, TimeUnit.SECONDS);
            assertEquals(CloseReason.Kind.STALLED, reason.kind());
        }
        awaitSoon("only the other one is left", () -> all.size() == 1);
    }

    @Test
    void memberAbortedInsideItsFrameDisturbsNoOther() throws Exception {
        Audience audience = new Audience(
                leaks, Protocol.lengthPrefixed(), (session, message) -> {}, queues(1 << 20, 16 << 20, 32 << 20));
        audience.connectMany(6);
        byte[] large = message(1, 8 << 20);

        assertEquals(6, audience.allIn("all").broadcast(large).sent());
        audience.sessions.get(2).abort();
        audience.peers.get(3).reset();

        for (int i : new int[] {0, 1, 4, 5}) {
            assertArrayEquals(large, audience.peers.get(i).readFrame());
        }
        assertNotNull(audience.sessions.get(2).closed().get(10, TimeUnit.SECONDS));
    }

    @Test
    void pingsGoInFrontOfFramesAndNeverIntoThem() throws Exception {
        CountDownLatch pinged = new CountDownLatch(1);
        Audience audience = new Audience(
                leaks,
                Protocol.millrace(),
                (session, message) -> pinged.countDown(),
                queues(1 << 20, 16 << 20, 32 << 20));
        audience.connectMany(2);
        SessionGroup all = audience.allIn("all");
        byte[] large = message(1, 4 << 20);
        for (int i = 0; i < 3; i++) {
            all.broadcast(large);
        }
        // A ping, token 5, and a message to see that it was taken in.
        audience.peers
                .get(0)
                .send(ByteBuffer.allocate(13 + 6)
                        .putInt(9)
                        .put((byte) 4)
                        .putLong(5)
                        .putInt(2)
                        .put((byte) 0)
                        .put((byte) 1)
                        .array());
        assertTrue(pinged.await(10, TimeUnit.SECONDS));

        List<Integer> kinds = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            byte[] frame = audience.peers.get(0).readFrame();
            kinds.add((int) frame[0]);
            assertEquals(frame[0] == 0 ? large.length + 1 : 9, frame.length);
        }
        assertTrue(kinds.indexOf(5) > 0 && kinds.indexOf(5) < 3, "the pong came at " + kinds);
    }
}

package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Delimiters;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.Permutation;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;

/** A last word to a peer that breaks the protocol, the future of the end, and what a session holds meanwhile. */
@Tag("engine")
class SessionEndIT {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    /** Takes messages slowly at first, and has a last word. */
    private static final class LastWord implements MessageHandler {
        private final CountDownLatch gate = new CountDownLatch(1);
        private final AtomicBoolean open = new AtomicBoolean();

        @Override
        public void onMessage(Session session, ByteBuffer message) throws Exception {
            assertTrue(gate.await(20, TimeUnit.SECONDS));
            session.send(message);
        }

        @Override
        public void onMalformed(Session session, MalformedFrameException cause) {
            open.set(session.isOpen());
            session.send("no".getBytes(StandardCharsets.UTF_8));
        }
    }

    @Permutation.Each
    void framesBeforeAMalformedOneAreDeliveredAndTheAnswerIsTheLastThatThePeerGets(Permutation how) throws Exception {
        LastWord handler = new LastWord();
        try (Loopback loopback = how.loopback().handler(handler).start()) {
            Link link = loopback.open();
            // 1, 2, and a length that cannot be
            link.peer().send(new byte[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 2, -1, -1, -1, -1, 5});
            link.recording().awaitMessages(1);
            handler.gate.countDown();
            byte[] expected = {0, 0, 0, 1, 1, 0, 0, 0, 1, 2, 0, 0, 0, 2, 'n', 'o'};
            assertArrayEquals(expected, link.peer().readToEnd());
            link.peer().close();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
            assertEquals(
                    List.of("onOpen", "onMessage", "onMessage", "onMalformed", "onClose"),
                    link.recording().events());
            assertTrue(handler.open.get());
        }
    }

    @Permutation.Each
    void lineThatIsTooLongIsAnsweredBeforeTheClose(Permutation how) throws Exception {
        LastWord handler = new LastWord();
        handler.gate.countDown();
        Delimiters lines = ((Delimiters) Protocol.lines()).maxPayloadBytes(10);
        try (Loopback loopback = how.loopback().protocol(lines).handler(handler).start()) {
            Link link = loopback.open();
            link.peer().send("short\nmuch longer than ten\n".getBytes(StandardCharsets.UTF_8));
            assertEquals("short\nno\n", new String(link.peer().readToEnd(), StandardCharsets.UTF_8));
            link.peer().close();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
        }
    }

    @Permutation.Each
    void messageThatACodecRefusesIsAnsweredBeforeTheClose(Permutation how) throws Exception {
        MessageHandler handler = new MessageHandler() {
            @Override
            public void onMessage(Session session, ByteBuffer message) throws Exception {
                throw new MalformedFrameException("no such command");
            }

            @Override
            public void onMalformed(Session session, MalformedFrameException cause) {
                session.send(String.valueOf(cause.getMessage()).getBytes(StandardCharsets.UTF_8));
            }
        };
        try (Loopback loopback =
                how.loopback().protocol(Protocol.lines()).handler(handler).start()) {
            Link link = loopback.open();
            link.peer().send("nonsense\nmore\n".getBytes(StandardCharsets.UTF_8));
            assertEquals("no such command\n", new String(link.peer().readToEnd(), StandardCharsets.UTF_8));
            link.peer().close();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
            assertEquals(
                    List.of("onOpen", "onMessage", "onMalformed", "onClose"),
                    link.recording().events());
        }
    }

    /** Refuses every request, as a codec would. */
    private static final RequestHandler REFUSING = (session, request, reply) -> {
        request.position(request.limit());
        throw new MalformedFrameException("no such command");
    };

    @Permutation.Each
    void requestThatACodecRefusesBlamesThePeer(Permutation how) throws Exception {
        RequestHandler atOnce = RequestHandler.of(request -> {
            throw new MalformedFrameException("no such command");
        });
        for (RequestHandler handler : List.of(REFUSING, atOnce)) {
            try (Loopback loopback = how.loopback()
                    .protocol(Protocol.lines())
                    .answering(handler)
                    .errorEncoder((code, text) -> ByteBuffer.wrap((code + " " + text).getBytes(StandardCharsets.UTF_8)))
                    .start()) {
                Link link = loopback.open();
                link.peer().send("GET nonsense\nmore\n".getBytes(StandardCharsets.UTF_8));
                assertEquals("8 no such command\n", new String(link.peer().readToEnd(), StandardCharsets.UTF_8));
                link.peer().close();
                CloseReason reason = link.recording().awaitClose();
                assertEquals(Kind.PROTOCOL, reason.kind());
                assertTrue(reason.detail().contains("GET "), reason.detail());
            }
        }
    }

    @Permutation.Each
    void requestWithATokenThatACodecRefusesIsAnsweredSo(Permutation how) throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        MessageHandler messages = new MessageHandler() {
            @Override
            public void onMessage(Session session, ByteBuffer message) {}

            @Override
            public void onMalformed(Session session, MalformedFrameException cause) {
                told.add(String.valueOf(cause.getMessage()));
            }
        };
        try (Loopback loopback = how.loopback()
                .protocol(Protocol.millrace())
                .handlers(messages, REFUSING)
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame(new byte[] {1, 0, 0, 0, 0, 0, 0, 0, 9, 'x'});
            byte[] error = link.peer().readFrame();
            assertEquals(9, ByteBuffer.wrap(error).getLong(1));
            assertEquals(ErrorCode.PROTOCOL, ByteBuffer.wrap(error).getShort(9));
            link.peer().readToEnd();
            link.peer().close();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
            assertEquals(List.of("no such command"), told);
        }
    }

    @Permutation.Each
    void throwOutOfOnMalformedChangesNothing(Permutation how) throws Exception {
        MessageHandler handler = new MessageHandler() {
            @Override
            public void onMessage(Session session, ByteBuffer message) {}

            @Override
            public void onMalformed(Session session, MalformedFrameException cause) {
                throw new IllegalStateException("on purpose");
            }
        };
        try (Loopback loopback = how.loopback().handler(handler).start()) {
            Link link = loopback.open();
            link.peer().send(new byte[] {-1, -1, -1, -1});
            link.peer().readToEnd();
            link.peer().close();
            assertEquals(Kind.PROTOCOL, link.recording().awaitClose().kind());
            loopback.awaitEnded();
            assertEquals(1, loopback.log().lines().size());
            loopback.log().clear();
        }
    }

    @Permutation.Each
    void futureOfTheEndCompletesAfterOnCloseForEverybodyWhoAsked(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback().start()) {
            Link link = loopback.open();
            CompletableFuture<CloseReason> spoilt = link.session().closed();
            CompletableFuture<CloseReason> cancelled = link.session().closed();
            CompletableFuture<List<String>> events =
                    link.session().closed().thenApply(reason -> link.recording().events());
            spoilt.complete(CloseReason.of(Kind.SHUTDOWN, "invented"));
            cancelled.cancel(true);
            CompletableFuture<CloseReason> good = link.session().closed();
            assertFalse(good.isDone());
            assertNull(link.session().closeReason());
            link.peer().close();
            assertEquals(Kind.PEER, good.get(20, TimeUnit.SECONDS).kind());
            assertEquals(List.of("onOpen", "onClose"), events.get(20, TimeUnit.SECONDS));
            assertEquals(
                    Kind.PEER, link.session().closed().get(20, TimeUnit.SECONDS).kind());
            CloseReason reason = link.session().closeReason();
            assertNotNull(reason);
            assertEquals(Kind.PEER, reason.kind());
            assertFalse(link.session().isOpen());
        }
    }

    @Permutation.Each
    void attributesLastBeyondTheEnd(Permutation how) throws Exception {
        AttributeKey<String> name = AttributeKey.of("name", String.class);
        AttributeKey<String> sameName = AttributeKey.of("name", String.class);
        try (Loopback loopback = how.loopback().start()) {
            Link link = loopback.open();
            assertNull(link.session().attribute(name));
            link.session().attribute(name, "a");
            link.session().attribute(sameName, "b");
            assertEquals("a", link.session().attribute(name));
            link.session().attribute(sameName, null);
            assertNull(link.session().attribute(sameName));
            link.session().abort();
            link.recording().awaitClose();
            assertEquals("a", link.session().attribute(name));
        }
    }

    @Permutation.Each
    void idleSessionHoldsLittleAfterBulkTraffic(Permutation how) throws Exception {
        try (Loopback loopback = how.loopback()
                .handler((session, message) -> session.send(new byte[] {1}))
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 16; i++) {
                link.peer().sendFrame(new byte[64 * KIB]);
                assertEquals(1, link.peer().readFrame()[0]);
            }
            assertTrue(link.session().stats().bytesReceived() > MIB);
            // the last that comes is short, as it mostly is; what is read then is read into a large buffer still
            for (int i = 0; i < 3; i++) {
                link.peer().sendFrame((byte) 1);
                assertEquals(1, link.peer().readFrame()[0]);
            }
            LeakCheck.awaitSoon(
                    "at most the smallest buffers", () -> loopback.stats().bufferBytesLeased() <= 2 * 512);
        }
    }

    @Permutation.Each
    void smallRequestsWithLargeRepliesQueueNoMoreThanTheMarkAllows(Permutation how) throws Exception {
        int requests = 400;
        int replyBytes = 32 * KIB;
        int highMark = 64 * KIB;
        AtomicLong most = new AtomicLong();
        SessionConfig config =
                SessionConfig.builder().sendMarks(16 * KIB, highMark).build();
        try (Loopback loopback = how.loopback()
                .config(config)
                .socketBuffers(16 * KIB)
                .handler((session, message) -> {
                    byte[] reply = new byte[replyBytes];
                    reply[0] = message.get();
                    session.send(reply);
                    most.accumulateAndGet(session.queuedBytes(), Math::max);
                })
                .start()) {
            Link link = loopback.open();
            ByteBuffer stream = ByteBuffer.allocate(requests * 5);
            for (int i = 0; i < requests; i++) {
                stream.put(RawPeer.frame((byte) i));
            }
            link.peer().send(stream.array());
            for (int i = 0; i < requests; i++) {
                assertEquals((byte) i, link.peer().readFrame()[0]);
            }
            assertTrue(most.get() <= highMark + replyBytes + KIB, "queued: " + most);
        }
    }
}

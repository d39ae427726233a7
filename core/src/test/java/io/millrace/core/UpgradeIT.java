package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The change to another protocol in mid-stream, in the shape of STARTTLS. */
@Tag("engine")
class UpgradeIT {
    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] join(byte[]... pieces) {
        ByteBuffer all = ByteBuffer.allocate(1_000);
        for (byte[] piece : pieces) {
            all.put(piece);
        }
        byte[] bytes = new byte[all.flip().remaining()];
        all.get(bytes);
        return bytes;
    }

    /** A server that changes over when asked to; before and after it echoes. */
    private static Loopback startTls() throws Exception {
        return Loopback.builder()
                .protocol(Protocol.lines())
                .answering((session, line, reply) -> {
                    if (StandardCharsets.UTF_8
                            .decode(line.duplicate())
                            .toString()
                            .equals("STARTTLS")) {
                        session.send(text("queued before"));
                        reply.send(text("OK"));
                        session.upgrade(Protocol.lengthPrefixed(), Loopback.ECHO);
                        session.send(text("queued after"));
                    } else {
                        reply.send(line);
                    }
                })
                .start();
    }

    /** How the first bytes of the new protocol come. */
    enum Arrival {
        IN_THE_SAME_SEGMENT,
        LATER,
        DRIPPED
    }

    @ParameterizedTest
    @EnumSource(Arrival.class)
    void serverChangesOverHoweverTheNextBytesCome(Arrival arrival) throws Exception {
        byte[] before = text("hello\nSTARTTLS\n");
        byte[] after = join(RawPeer.frame(text("line\n")), RawPeer.frame(), RawPeer.frame(new byte[300]));
        byte[] answers = text("hello\nqueued before\nOK\n");
        try (Loopback loopback = startTls()) {
            Link link = loopback.open();
            switch (arrival) {
                case IN_THE_SAME_SEGMENT -> link.peer().send(join(before, after));
                case LATER -> link.peer().send(before);
                case DRIPPED -> link.peer().drip(join(before, after));
            }
            assertArrayEquals(answers, link.peer().readExactly(answers.length));
            if (arrival == Arrival.LATER) {
                link.peer().send(after);
            }
            assertArrayEquals(text("queued after"), link.peer().readFrame());
            assertArrayEquals(text("line\n"), link.peer().readFrame());
            assertEquals(0, link.peer().readFrame().length);
            assertEquals(300, link.peer().readFrame().length);
            assertEquals(5, link.session().stats().messagesReceived(), "counters go on");
            assertEquals(before.length + after.length, link.session().stats().bytesReceived());
        }
    }

    @Test
    void clientChangesOver() throws Exception {
        CompletableFuture<String> received = new CompletableFuture<>();
        try (Loopback loopback = Loopback.builder()
                .client()
                .protocol(Protocol.lines())
                .answering((session, line, reply) -> {
                    reply.send(text("BYE"));
                    session.upgrade(Protocol.lengthPrefixed(), (same, message) -> {
                        received.complete(StandardCharsets.UTF_8.decode(message).toString());
                    });
                    session.send(text("first"));
                })
                .start()) {
            Link link = loopback.open();
            link.session().send(text("STARTTLS"));
            assertArrayEquals(text("STARTTLS\n"), link.peer().readExactly(9));
            link.peer().send(join(text("OK\n"), RawPeer.frame(text("welcome"))));
            assertArrayEquals(text("BYE\n"), link.peer().readExactly(4));
            assertArrayEquals(text("first"), link.peer().readFrame());
            assertEquals("welcome", received.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void newHandlerHearsOfTheEndAndNotOfTheBeginning() throws Exception {
        CompletableFuture<CloseReason> closed = new CompletableFuture<>();
        AtomicReference<@Nullable Session> opened = new AtomicReference<>();
        MessageHandler second = new MessageHandler() {
            @Override
            public void onOpen(Session session) {
                opened.set(session);
            }

            @Override
            public void onMessage(Session session, ByteBuffer message) {
                session.send(message);
            }

            @Override
            public void onClose(Session session, CloseReason reason) {
                closed.complete(reason);
            }
        };
        // by answers to requests, whose handler is not replaced but left
        try (Loopback loopback = Loopback.builder()
                .answering((session, request, reply) -> {
                    reply.send(request);
                    session.upgrade(Protocol.lines(), second);
                })
                .start()) {
            Link link = loopback.open();
            link.peer().send(join(RawPeer.frame(text("a")), text("b\n")));
            assertArrayEquals(text("a"), link.peer().readFrame());
            assertArrayEquals(text("b\n"), link.peer().readExactly(2));
            link.peer().closeOutput();
            link.peer().expectEndOfStream();
            assertEquals(CloseReason.Kind.PEER, closed.get(20, TimeUnit.SECONDS).kind());
            assertEquals(null, opened.get());
        }
    }

    private static String refusal(Session session) {
        return String.valueOf(
                assertThrows(IllegalStateException.class, () -> session.upgrade(Protocol.lines(), Loopback.ECHO))
                        .getMessage());
    }

    @Test
    void upgradeIsRefusedOutsideOfCallbacks() throws Exception {
        try (Loopback loopback = Loopback.builder().start()) {
            Link link = loopback.open();
            assertTrue(refusal(link.session()).contains("must be called from a callback"));
            link.peer().sendFrame((byte) 1);
            assertEquals(1, link.peer().readFrame()[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void upgradeIsRefusedWithEveryExecutor(boolean callerRuns) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(1);
        Executor executor = callerRuns ? Runnable::run : pool;
        CompletableFuture<String> refused = new CompletableFuture<>();
        try (Loopback loopback = Loopback.builder()
                .executor(executor)
                .handler((session, message) -> {
                    refused.complete(refusal(session));
                    session.send(message);
                })
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            assertTrue(refused.get(20, TimeUnit.SECONDS).contains("executor"));
            assertEquals(1, link.peer().readFrame()[0]);
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void upgradeIsRefusedWhileRequestsOfEitherSideWait() throws Exception {
        CompletableFuture<String> ours = new CompletableFuture<>();
        CompletableFuture<String> theirs = new CompletableFuture<>();
        CountDownLatch asked = new CountDownLatch(1);
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .handlers(
                        (session, message) -> {
                            CompletableFuture<ByteBuffer> reply =
                                    session.request(ByteBuffer.allocate(1), Duration.ofSeconds(20));
                            ours.complete(refusal(session));
                            asked.countDown();
                            assertTrue(!reply.isDone());
                        },
                        (session, request, reply) -> {
                            theirs.complete(refusal(session));
                            reply.send(request);
                        })
                .start()) {
            Link link = loopback.open();
            link.peer()
                    .send(RawPeer.frame(
                            ByteBuffer.allocate(10).put((byte) 1).putLong(4).array()));
            assertTrue(theirs.get(20, TimeUnit.SECONDS).contains("request of the peer"));
            assertEquals(2, link.peer().readFrame()[0]);
            link.peer().sendFrame((byte) 0, (byte) 1);
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            assertTrue(ours.get().contains("1 requests wait"));
        }
    }
}

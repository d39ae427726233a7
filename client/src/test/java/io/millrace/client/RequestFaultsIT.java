package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.Reply;
import io.millrace.core.RequestHandler;
import io.millrace.core.SendOverflowPolicy;
import io.millrace.core.SendResult;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests and replies that went astray: each of these has been wrong once. */
@Tag("engine")
class RequestFaultsIT {
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final int REQUEST_LIMIT = 1_024;
    private static final int REPLY_BYTES = 16 << 10;
    // one unanswered, and as many replies behind it as the high mark holds
    private static final int TAKEN = 1 + SessionConfig.DEFAULT_SEND_HIGH_MARK / REPLY_BYTES;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Reply> replies = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
    private final AtomicInteger taken = new AtomicInteger();

    private static <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
        T next = queue.poll(LONG.toSeconds(), TimeUnit.SECONDS);
        assertNotNull(next, what);
        return next;
    }

    private RawPeer peerOf(Protocol protocol, RequestHandler handler) throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(protocol)
                .onRequest(handler)
                .onClose((session, reason) -> closed.add(reason))
                .drainTimeout(SHORT)
                .bind("127.0.0.1", 0));
        return leaks.close(RawPeer.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port())));
    }

    @Test
    void requestBeyondTheLimitIsToldBusyAtOnce() throws Exception {
        RawPeer peer = peerOf(Protocol.millrace(), (session, message, reply) -> replies.add(reply));

        for (int token = 0; token <= REQUEST_LIMIT; token++) {
            peer.send(RawFrames.request(token, (byte) 1));
        }

        byte[] answer = peer.readFrame();
        assertEquals(RawFrames.ERROR, RawFrames.kindOf(answer));
        assertEquals(REQUEST_LIMIT, RawFrames.tokenOf(answer));
        assertEquals(ErrorCode.BUSY, RawFrames.errorCodeOf(answer));
        assertEquals(REQUEST_LIMIT, replies.size());
    }

    /** Keeps the first reply back and gives all the others at once. */
    private void answerAllButTheFirst(Reply reply) {
        if (taken.getAndIncrement() == 0) {
            replies.add(reply);
        } else {
            reply.send(ByteBuffer.allocate(REPLY_BYTES));
        }
    }

    @Test
    void repliesKeptBehindAnUnansweredRequestAreBounded() throws Exception {
        RawPeer peer = peerOf(Protocol.lengthPrefixed(), (session, message, reply) -> answerAllButTheFirst(reply));

        peer.sendMeanwhile(RawFrames.repeated(RawPeer.frame((byte) 7), 10_000));

        awaitSoon("requests taken in", () -> taken.get() >= TAKEN);
        await("no more are taken in").during(SHORT).atMost(LONG).until(() -> taken.get() == TAKEN);
    }

    @Test
    void keptRepliesLeaveAsTheQueueTakesThem() throws Exception {
        int count = 800;
        RawPeer peer = peerOf(Protocol.lengthPrefixed(), (session, message, reply) -> answerAllButTheFirst(reply));
        peer.sendMeanwhile(RawFrames.repeated(RawPeer.frame((byte) 7), count));
        awaitSoon("requests taken in", () -> taken.get() >= TAKEN);

        assertEquals(SendResult.ACCEPTED, next(replies, "onRequest").send(ByteBuffer.allocate(1)));

        assertEquals(1, peer.readFrame().length);
        for (int i = 1; i < count; i++) {
            assertEquals(REPLY_BYTES, peer.readFrame().length, "reply " + i + "; closed: " + closed);
        }
    }

    @Test
    void replyThatCannotBeFramedIsRefusedToWhoeverGivesIt() throws Exception {
        RawPeer peer = peerOf(Protocol.lines(), (session, message, reply) -> replies.add(reply));
        peer.send(bytes("one\ntwo\nthree\n"));
        Reply one = next(replies, "one");
        Reply two = next(replies, "two");
        Reply three = next(replies, "three");

        assertThrows(IllegalArgumentException.class, () -> two.send(bytes("a\nb")));

        assertEquals(SendResult.ACCEPTED, two.send(bytes("2")));
        assertEquals(SendResult.ACCEPTED, one.send(bytes("1")));
        assertEquals(SendResult.ACCEPTED, three.send(bytes("3")));
        assertEquals("1\n2\n3\n", text(peer.readExactly(6)));
    }

    @Test
    void oversizeRequestIsAnsweredWhereTheTextDoesNotFit() throws Exception {
        RawPeer peer =
                peerOf(MillraceProtocol.create().maxPayloadBytes(16), (session, message, reply) -> reply.send(message));

        peer.send(RawFrames.request(1, new byte[17]));

        byte[] answer = peer.readFrame();
        assertEquals(RawFrames.ERROR, RawFrames.kindOf(answer));
        assertEquals(ErrorCode.TOO_LARGE, RawFrames.errorCodeOf(answer));
    }

    @Test
    void endInsideADiscardedRequestIsAProtocolError() throws Exception {
        RawPeer peer = peerOf(
                MillraceProtocol.create().maxPayloadBytes(1_000), (session, message, reply) -> reply.send(message));

        peer.send(RawFrames.request(1, new byte[2_000]), 0, 1_000);
        peer.readFrame();
        peer.close();

        assertEquals(CloseReason.Kind.PROTOCOL, next(closed, "onClose").kind());
    }

    @Test
    void errorReplyThatFindsNoRoomClosesTheSession() throws Exception {
        CapturedLog log = leaks.close(new CapturedLog());
        RawServer peer = leaks.close(RawServer.start(0, 4_096));
        SessionConfig tight = SessionConfig.builder()
                .sendMarks(0, 1)
                .sendLimit(1)
                .sendOverflow(SendOverflowPolicy.REFUSE)
                .build();
        TcpClient client = leaks.watch(Clients.to(peer.port())
                .protocol(Protocol.millrace())
                .sessions(tight)
                .onRequest((session, message, reply) -> {
                    throw new IllegalStateException("on purpose");
                })
                .onClose((session, reason) -> closed.add(reason))
                .drainTimeout(SHORT)
                .build());
        client.connect().get(LONG.toSeconds(), TimeUnit.SECONDS);
        RawServer.Connection asking = leaks.close(peer.accept());

        // a peer that asks and never reads
        byte[] requests = RawFrames.repeated(RawFrames.request(7, (byte) 1), 200_000);
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> sendUntilClosed(asking, requests));

        assertEquals(CloseReason.Kind.STALLED, next(closed, "onClose").kind());
        asking.close();
        sent.get(LONG.toSeconds(), TimeUnit.SECONDS);
        assertTrue(log.lines().stream().anyMatch(line -> line.contains("onRequest")), () -> "log: " + log.lines());
    }

    private static void sendUntilClosed(RawServer.Connection connection, byte[] bytes) {
        try {
            connection.sendBytes(bytes);
        } catch (IOException expected) {
            // the other end has given up
        }
    }

    @Test
    void retryFromTheCallbackOfAFailureConnectsAgain() throws Exception {
        int port;
        try (RawServer free = RawServer.start()) {
            port = free.port();
        }
        TcpClient client = leaks.watch(Clients.to(port).drainTimeout(SHORT).build());
        CompletableFuture<ByteBuffer> answered = new CompletableFuture<>();
        AtomicBoolean stop = new AtomicBoolean();
        leaks.close(() -> stop.set(true));
        AtomicReference<Runnable> ask = new AtomicReference<>();
        ask.set(() -> {
            taken.incrementAndGet();
            client.request(bytes("question"), LONG).whenComplete((reply, failure) -> {
                if (failure == null) {
                    answered.complete(reply);
                } else if (!stop.get()) {
                    ask.get().run();
                }
            });
        });
        ask.get().run();
        awaitSoon("tries that fail", () -> taken.get() >= 3);

        leaks.watch(Clients.echo(port));

        int triesBefore = taken.get();
        assertEquals("question", text(answered));
        assertTrue(taken.get() - triesBefore < 1_000, () -> "tried " + taken + " times, once the server was up");
    }
}

package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.assertWithin;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class RequestIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void pipelinedRequestsGetTheirOwnReplies() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(
                Clients.to(server.port()).pool(Clients.ONE_CONNECTION).build());
        assertEquals("connected", ask(client, "connected"));
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();

        for (int i = 0; i < 5_000; i++) {
            replies.add(client.request(bytes("request " + i), LONG));
        }

        for (int i = 0; i < 5_000; i++) {
            assertEquals("request " + i, text(replies.get(i)));
        }
        assertEquals(1, server.stats().accepted());
    }

    @Test
    void largeRequestAndReplyArriveWhole() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());
        byte[] large = new byte[8 << 20];
        new Random(8).nextBytes(large);

        assertArrayEquals(large, client.call(large, LONG));
        assertArrayEquals(large, client.call(large, LONG));
        assertEquals("small", ask(client, "small"));
    }

    @Test
    void emptyRequestHasAnEmptyReply() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());

        assertArrayEquals(new byte[0], client.call(new byte[0], LONG));
    }

    @Test
    void requestBorrowsItsPayload() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());
        for (int i = 0; i < 2; i++) {
            // The first goes before there is a connection, the second after.
            ByteBuffer payload = ByteBuffer.wrap(bytes("..text..")).position(2).limit(6);

            CompletableFuture<ByteBuffer> reply = client.request(payload, LONG);

            assertEquals(2, payload.position());
            assertEquals(6, payload.limit());
            payload.clear().put(bytes("XXXXXXXX"));
            assertEquals("text", text(reply));
        }
    }

    @Test
    void timedOutRequestLeavesTheConnectionUsableAndItsLateReplyIsDropped() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        CompletableFuture<ByteBuffer> patient = client.request(bytes("first"), LONG);
        RawServer.Connection connection = leaks.close(peer.accept());
        assertEquals("first", connection.receiveText());
        connection.send("reply 1");
        assertEquals("reply 1", text(patient));

        CompletableFuture<ByteBuffer> hasty = client.request(bytes("hasty"), Duration.ofMillis(300));
        assertEquals("hasty", connection.receiveText());
        assertInstanceOf(RequestTimeoutException.class, failureOf(hasty));
        CompletableFuture<ByteBuffer> next = client.request(bytes("next"), LONG);
        assertEquals("next", connection.receiveText());
        connection.send("reply to hasty, late");
        connection.send("reply to next");

        assertEquals("reply to next", text(next));
    }

    @Test
    void timeoutFiresNeverEarlyAndSoonAfter() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        client.request(bytes("connects"), LONG);
        leaks.close(peer.accept()).receiveText();
        long start = System.nanoTime();

        Throwable failure = failureOf(client.request(bytes("silence"), Duration.ofMillis(500)));

        assertInstanceOf(RequestTimeoutException.class, failure);
        assertTrue(System.nanoTime() - start >= Duration.ofMillis(500).toNanos(), "too early");
        assertWithin(Duration.ofMillis(800), start);
    }

    @Test
    void replyMissingForTwoTimeoutsClosesTheConnection() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        AtomicReference<CloseReason> end = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(1);
        TcpClient client = leaks.watch(Clients.to(peer.port())
                .onClose((session, reason) -> {
                    end.set(reason);
                    ended.countDown();
                })
                .build());

        CompletableFuture<ByteBuffer> lost = client.request(bytes("lost"), Duration.ofMillis(200));
        CompletableFuture<ByteBuffer> patient = client.request(bytes("patient"), LONG);
        RawServer.Connection connection = leaks.close(peer.accept());

        assertInstanceOf(RequestTimeoutException.class, failureOf(lost));
        SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failureOf(patient));
        assertEquals(CloseReason.Kind.TIMEOUT, closed.reason().kind());
        assertTrue(closed.maybeWritten());
        connection.close();
        assertTrue(ended.await(10, TimeUnit.SECONDS));
        assertEquals(CloseReason.Kind.TIMEOUT, end.get().kind());
    }

    @Test
    void tooManyOverdueRepliesCloseTheConnection() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        CompletableFuture<ByteBuffer> patient = client.request(bytes("patient"), LONG);
        RawServer.Connection connection = leaks.close(peer.accept());
        connection.receiveText();
        long start = System.nanoTime();

        List<CompletableFuture<ByteBuffer>> hasty = new ArrayList<>();
        for (int i = 0; i < 17; i++) {
            hasty.add(client.request(bytes("hasty"), Duration.ofSeconds(1)));
        }

        for (CompletableFuture<ByteBuffer> each : hasty) {
            assertInstanceOf(TransportException.class, failureOf(each));
        }
        SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failureOf(patient));
        assertEquals(CloseReason.Kind.TIMEOUT, closed.reason().kind());
        // Less than two timeouts, so it was their number.
        assertWithin(Duration.ofMillis(1900), start);
    }

    @Test
    void cancelledRequestEatsItsReply() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        CompletableFuture<ByteBuffer> beforeConnection = client.request(bytes("1"), LONG);
        RawServer.Connection connection = leaks.close(peer.accept());
        assertEquals("1", connection.receiveText());
        assertTrue(beforeConnection.cancel(false));
        connection.send("reply 1");

        CompletableFuture<ByteBuffer> cancelled = client.request(bytes("2"), LONG);
        CompletableFuture<ByteBuffer> kept = client.request(bytes("3"), LONG);
        assertTrue(cancelled.cancel(false));
        assertEquals("2", connection.receiveText());
        assertEquals("3", connection.receiveText());
        connection.send("reply 2");
        connection.send("reply 3");

        assertEquals("reply 3", text(kept));
        assertTrue(cancelled.isCancelled());
    }

    @Test
    void requestCancelledBeforeTheConnectionIsNotSent() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(Clients.to(full.port()).build());

        CompletableFuture<ByteBuffer> reply = client.request(bytes("never"), LONG);
        assertTrue(reply.cancel(false));
        client.close();

        assertTrue(reply.isCancelled());
    }

    @Test
    void replyThatNobodyAskedForClosesWithProtocol() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        AtomicReference<CloseReason> end = new AtomicReference<>();
        CountDownLatch ended = new CountDownLatch(1);
        TcpClient client = leaks.watch(Clients.to(peer.port())
                .onClose((session, reason) -> {
                    end.set(reason);
                    ended.countDown();
                })
                .build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        RawServer.Connection connection = leaks.close(peer.accept());

        connection.send("surprise");

        assertEquals(-1, connection.read());
        connection.close();
        assertTrue(ended.await(10, TimeUnit.SECONDS));
        assertEquals(CloseReason.Kind.PROTOCOL, end.get().kind());
        assertFalse(session.isOpen());
    }

    @Test
    void requestsInFlightFailWithTheConnectionAndKnowThatTheyMayHaveBeenWritten() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
        replies.add(client.request(bytes("0"), LONG));
        RawServer.Connection connection = leaks.close(peer.accept());
        assertEquals("0", connection.receiveText());
        for (int i = 1; i < 10; i++) {
            replies.add(client.request(bytes(Integer.toString(i)), LONG));
            assertEquals(Integer.toString(i), connection.receiveText());
        }
        for (int i = 0; i < 4; i++) {
            connection.send("reply " + i);
        }
        for (int i = 0; i < 4; i++) {
            assertEquals("reply " + i, text(replies.get(i)));
        }

        connection.reset();

        for (int i = 4; i < 10; i++) {
            SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failureOf(replies.get(i)));
            assertEquals(CloseReason.Kind.RESET, closed.reason().kind());
            assertTrue(closed.maybeWritten(), "request " + i + " was received by the peer");
        }
    }

    @Test
    void requestStillQueuedWhenTheSessionIsAbortedKnowsThatItWasNotWritten() throws Exception {
        RawServer peer = leaks.close(RawServer.start(0, 4096));
        TcpClient client = leaks.watch(Clients.to(peer.port())
                .sessions(SessionConfig.builder().sendLimit(16 << 20).build())
                .build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        leaks.close(peer.accept());
        CompletableFuture<ByteBuffer> partlyWritten = session.request(ByteBuffer.allocate(8 << 20), LONG);
        LeakCheck.awaitSoon("some of it written", () -> session.stats().bytesSent() > 0);
        CompletableFuture<ByteBuffer> queued = session.request(ByteBuffer.wrap(bytes("queued")), LONG);

        session.abort();

        assertTrue(assertInstanceOf(SessionClosedException.class, failureOf(partlyWritten))
                .maybeWritten());
        assertFalse(assertInstanceOf(SessionClosedException.class, failureOf(queued))
                .maybeWritten());
    }

    @Test
    void requestBeyondTheSendLimitIsRefusedAndSaysWhatToDo() throws Exception {
        RawServer peer = leaks.close(RawServer.start(0, 4096));
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        RawServer.Connection connection = leaks.close(peer.accept());
        CompletableFuture<ByteBuffer> accepted = session.request(ByteBuffer.allocate(8 << 20), LONG);

        TransportException full =
                assertInstanceOf(TransportException.class, failureOf(session.request(ByteBuffer.allocate(1), LONG)));

        assertTrue(full.getMessage().contains("raise sendLimit"), full.getMessage());
        assertFalse(accepted.isDone());
        connection.reset();
        assertInstanceOf(SessionClosedException.class, failureOf(accepted));
    }

    @Test
    void peerThatEndsInsideAReplyFailsTheRequestWithProtocol() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        CompletableFuture<ByteBuffer> reply = client.request(bytes("ask"), LONG);
        RawServer.Connection connection = leaks.close(peer.accept());
        connection.receiveText();

        connection.sendBytes(new byte[] {0, 0, 0, 9, 'h', 'a', 'l', 'f'});
        connection.close();

        SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failureOf(reply));
        assertEquals(CloseReason.Kind.PROTOCOL, closed.reason().kind());
    }

    @Test
    void nextRequestConnectsAgainAfterTheServerWasRestarted() throws Exception {
        TcpServer first = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(first.port()).build());
        for (int round = 0; round < 5; round++) {
            assertEquals("before " + round, ask(client, "before " + round));
            first.close();
            TcpServer next = leaks.watch(Clients.echo(first.port()));
            LeakCheck.awaitSoon("old session ended", () -> client.sessionCount() == 0);

            assertEquals("after " + round, ask(client, "after " + round));

            first = next;
        }
    }

    @Test
    void serverThatIsAwayFailsRequestsUntilItIsBack() throws Exception {
        TcpServer first = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(first.port()).build());
        assertEquals("up", ask(client, "up"));
        first.close();
        LeakCheck.awaitSoon("old session ended", () -> client.sessionCount() == 0);

        assertThrows(TransportException.class, () -> ask(client, "down"));
        leaks.watch(Clients.echo(first.port()));

        assertEquals("up again", ask(client, "up again"));
    }

    @Test
    void requestFromAFuturesCallbackIsSent() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());

        CompletableFuture<ByteBuffer> chain = client.request(bytes("x"), LONG);
        for (int i = 0; i < 1_000; i++) {
            chain = chain.thenCompose(reply -> client.request(reply, LONG));
        }

        assertEquals("x", text(chain));
    }

    @Test
    void closeWithRequestsInFlightFailsThem() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            replies.add(client.request(bytes("ask"), LONG));
        }
        RawServer.Connection connection = leaks.close(peer.accept());
        for (int i = 0; i < 10; i++) {
            connection.receiveText();
        }
        connection.halfClose();
        connection.close();

        client.close();

        for (CompletableFuture<ByteBuffer> reply : replies) {
            SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failureOf(reply));
            assertTrue(closed.maybeWritten());
        }
    }

    @Test
    void closeFromAFuturesCallbackReturnsAndCloses() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());

        client.request(bytes("last"), LONG).thenRun(client::close).get(10, TimeUnit.SECONDS);

        client.close();
        assertEquals(0, client.sessionCount());
    }
}

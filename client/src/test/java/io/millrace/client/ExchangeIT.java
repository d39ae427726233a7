package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.ConnectionUse;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.RequestOptions;
import io.millrace.client.request.SendStatus;
import io.millrace.core.Codec;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.protocol.Protocol;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every path of a request ends in the one outcome that it should. */
class ExchangeIT {
    private static final RequestOptions PATIENT = RequestOptions.within(LONG);
    private static final RequestOptions HASTY = RequestOptions.within(Duration.ofMillis(100));

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    static <R> Outcome<R> outcomeOf(CompletableFuture<Outcome<R>> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    /** A client with one connection, which it makes again at once however often it breaks. */
    static TcpClientBuilder to(int port) {
        return Clients.to(port)
                .pool(PoolConfig.builder().maxConnections(1).build())
                .backoff(Backoff.defaults().delays(Duration.ofMillis(1), Duration.ofMillis(1)))
                .whileDown(WhileDown.WAIT);
    }

    private static ByteBuffer payload(String text) {
        return ByteBuffer.wrap(bytes(text));
    }

    private static String textOf(Outcome<ByteBuffer> outcome) throws Exception {
        return text(CompletableFuture.completedFuture(outcome.orThrow()));
    }

    private TcpClient clientOf(int port) throws Exception {
        return leaks.watch(to(port).build());
    }

    @Test
    void replyNamesItsConnection() throws Exception {
        int port = leaks.watch(Clients.echo()).port();
        TcpClient client = clientOf(port);

        Outcome<ByteBuffer> first = outcomeOf(client.exchange(payload("one"), PATIENT));
        Outcome<ByteBuffer> second = outcomeOf(client.exchange(payload(""), PATIENT));

        assertEquals("one", textOf(first));
        assertEquals(ConnectionUse.OPENED, first.connectionUse());
        assertEquals(new Endpoint("127.0.0.1", port), first.endpoint());
        assertEquals(1, first.attempts());
        assertEquals(ConnectionUse.REUSED, second.connectionUse());
        assertEquals("", textOf(second));
        assertEquals("socket:ok", second.statusText());
    }

    @Test
    void payloadMayBeChangedAsSoonAsTheCallReturns() throws Exception {
        TcpClient client = clientOf(leaks.watch(Clients.echo()).port());
        ByteBuffer payload = payload("kept");

        CompletableFuture<Outcome<ByteBuffer>> outcome = client.exchange(payload, PATIENT);
        payload.put(0, (byte) 'x');

        assertEquals("kept", textOf(outcomeOf(outcome)));
        assertEquals(4, payload.remaining());
    }

    @Test
    void errorReplyIsAnOutcomeAndTheSessionLivesOn() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(
                Clients.to(server.port()).protocol(Protocol.millrace()).build());
        CompletableFuture<Outcome<ByteBuffer>> outcome = client.exchange(payload("a"), PATIENT.idempotent());
        RawServer.Connection connection = leaks.close(server.accept());
        connection.sendBytes(RawFrames.error(RawFrames.tokenOf(connection.receive()), ErrorCode.BUSY));

        Outcome<ByteBuffer> busy = outcomeOf(outcome);
        CompletableFuture<Outcome<ByteBuffer>> next = client.exchange(payload("b"), PATIENT);
        connection.sendBytes(RawFrames.reply(RawFrames.tokenOf(connection.receive()), (byte) 'B'));

        assertEquals(Kind.ERROR_REPLY, busy.kind());
        assertEquals(
                ErrorCode.BUSY,
                assertInstanceOf(ErrorReplyException.class, busy.failure()).code());
        assertEquals(1, busy.attempts(), "a server that is busy is not asked again");
        assertEquals("B", textOf(outcomeOf(next)));
    }

    @Test
    void requestWithoutReplyTimesOutAndItsLateReplyIsNobodyElses() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = clientOf(server.port());
        CompletableFuture<Outcome<ByteBuffer>> first = client.exchange(payload("first"), HASTY);
        RawServer.Connection connection = leaks.close(server.accept());
        connection.receive();

        Outcome<ByteBuffer> late = outcomeOf(first);
        CompletableFuture<Outcome<ByteBuffer>> second = client.exchange(payload("second"), PATIENT);
        connection.send("late");
        connection.receive();
        connection.send("second's own");

        assertEquals(Kind.TIMED_OUT, late.kind());
        assertTrue(late.maybeSent());
        assertEquals("socket:timeout", late.statusText());
        assertEquals(SendStatus.OPENED, late.sendStatus());
        assertEquals("second's own", textOf(outcomeOf(second)));
    }

    @Test
    void nobodyListeningIsNotConnectedWithItsCause() throws Exception {
        int port;
        try (RawServer gone = RawServer.start()) {
            port = gone.port();
        }

        TcpClient client = leaks.watch(Clients.to(port).build());

        Outcome<ByteBuffer> outcome = outcomeOf(client.exchange(payload("a"), PATIENT.idempotent()));

        assertEquals(Kind.NOT_CONNECTED, outcome.kind());
        assertFalse(outcome.maybeSent());
        assertEquals(0, outcome.attempts());
        assertEquals("socket:error_for_return_data_null", outcome.statusText());
        assertTrue(outcome.failure() != null && outcome.failure().getCause() != null, outcome.toString());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void timeThatPassesBeforeThereIsAConnectionIsTimedOutAndNotSent() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = clientOf(full.port());

        Outcome<ByteBuffer> outcome = outcomeOf(client.exchange(payload("a"), HASTY.idempotent()));

        assertEquals(Kind.TIMED_OUT, outcome.kind());
        assertFalse(outcome.maybeSent());
        assertEquals(0, outcome.attempts());
    }

    @Test
    void closedClientSaysSoToWhatIsInFlightAndToWhatComesLater() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(
                Clients.to(server.port()).drainTimeout(Duration.ofMillis(50)).build());
        CompletableFuture<Outcome<ByteBuffer>> inFlight = client.exchange(payload("a"), PATIENT.idempotent());
        leaks.close(server.accept()).receive();

        client.close();

        assertEquals(Kind.CLOSED, outcomeOf(inFlight).kind());
        assertTrue(outcomeOf(inFlight).maybeSent());
        Outcome<ByteBuffer> later = outcomeOf(client.exchange(payload("b"), PATIENT));
        assertEquals(Kind.CLOSED, later.kind());
        assertFalse(later.maybeSent());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void cancelWhileWaitingForAConnectionWithdrawsTheClaim() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = clientOf(full.port());
        CompletableFuture<Outcome<ByteBuffer>> outcome = client.exchange(payload("a"), PATIENT);
        CompletableFuture<ByteBuffer> reply = client.request(payload("b"), PATIENT);
        assertEquals(2, client.poolStats().waiting());

        assertTrue(outcome.cancel(false));
        assertTrue(reply.cancel(false));

        assertEquals(0, client.poolStats().waiting());
        assertTrue(outcome.isCancelled());
        assertEquals(Kind.CANCELLED, outcomeOf(outcome).kind());
        assertFalse(outcomeOf(outcome).maybeSent());
        assertTrue(reply.isCancelled());
    }

    @Test
    void cancelInFlightDropsTheReplyAndTheNextRequestHasItsOwn() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = clientOf(server.port());
        CompletableFuture<Outcome<ByteBuffer>> first = client.exchange(payload("first"), PATIENT);
        CompletableFuture<ByteBuffer> second = client.request(payload("second"), PATIENT);
        RawServer.Connection connection = leaks.close(server.accept());
        connection.receive();
        connection.receive();

        assertTrue(first.cancel(false));
        assertTrue(second.cancel(false));
        CompletableFuture<Outcome<ByteBuffer>> third = client.exchange(payload("third"), PATIENT);
        connection.send("1");
        connection.send("2");
        connection.receive();
        connection.send("3");

        assertEquals("3", textOf(outcomeOf(third)));
        assertEquals(Kind.CANCELLED, outcomeOf(first).kind());
        assertTrue(outcomeOf(first).maybeSent());
        assertInstanceOf(CancellationException.class, cancellationOf(second));
    }

    private static Throwable cancellationOf(CompletableFuture<?> future) {
        try {
            throw new AssertionError("succeeded: " + future.getNow(null));
        } catch (CancellationException cancelled) {
            return cancelled;
        }
    }

    @Test
    void cancelAfterTheEndChangesNothing() throws Exception {
        TcpClient client = clientOf(leaks.watch(Clients.echo()).port());
        CompletableFuture<Outcome<ByteBuffer>> future = client.exchange(payload("done"), PATIENT);
        Outcome<ByteBuffer> outcome = outcomeOf(future);

        assertFalse(future.cancel(true));

        assertFalse(future.isCancelled());
        assertSame(outcome, outcomeOf(future));
    }

    @Test
    void typedRequestsAreEncodedAndTheirRepliesDecoded() throws Exception {
        TcpClient client = clientOf(leaks.watch(Clients.echo()).port());

        CompletableFuture<byte[]> reply = client.request("töne", Codec.utf8(), Codec.bytes(), PATIENT);
        Outcome<String> outcome = outcomeOf(client.exchange("töne", Codec.utf8(), Codec.utf8(), PATIENT));

        assertArrayEquals(bytes("töne"), reply.get(20, TimeUnit.SECONDS));
        assertEquals("töne", outcome.orThrow());
    }

    @Test
    void replyThatTheCodecRefusesIsUnreadableAndTheSessionLivesOn() throws Exception {
        TcpClient client = clientOf(leaks.watch(Clients.echo()).port());
        byte[] noText = {(byte) 0xff};

        CompletableFuture<Outcome<String>> refused = client.exchange(noText, Codec.bytes(), Codec.utf8(), PATIENT);
        CompletableFuture<String> failed = client.request(noText, Codec.bytes(), Codec.utf8(), PATIENT);
        CompletableFuture<Outcome<String>> broken =
                client.exchange(noText, Codec.bytes(), new BrokenCodec(), PATIENT.idempotent());

        Outcome<String> outcome = outcomeOf(refused);
        assertEquals(Kind.UNREADABLE_REPLY, outcome.kind());
        assertInstanceOf(MalformedFrameException.class, outcome.failure());
        assertInstanceOf(MalformedFrameException.class, failureOf(failed));
        assertEquals(Kind.UNREADABLE_REPLY, outcomeOf(broken).kind());
        assertEquals(1, outcomeOf(broken).attempts(), "it was answered, so it is not asked again");
        assertEquals("still here", Clients.ask(client, "still here"));
        assertEquals(1, client.stats().opened());
    }

    /** Decodes nothing. */
    private static final class BrokenCodec implements Codec<String> {
        @Override
        public String decode(ByteBuffer message) {
            throw new IllegalStateException("on purpose");
        }

        @Override
        public ByteBuffer encode(String message) {
            throw new IllegalStateException("not used");
        }
    }

    @Test
    void thousandsAtOnceHaveTheirOwnReplies() throws Exception {
        TcpClient client = clientOf(leaks.watch(Clients.echo()).port());

        List<CompletableFuture<Outcome<ByteBuffer>>> all = IntStream.range(0, 5_000)
                .mapToObj(i -> client.exchange(payload("request " + i), PATIENT))
                .toList();

        for (int i = 0; i < all.size(); i++) {
            assertEquals("request " + i, textOf(outcomeOf(all.get(i))));
        }
        awaitSoon("nothing waits", () -> client.poolStats().waiting() == 0);
    }
}

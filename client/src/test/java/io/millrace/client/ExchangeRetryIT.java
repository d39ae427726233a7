package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.text;
import static io.millrace.client.ExchangeIT.outcomeOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.request.Outcome;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.RequestOptions;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.ErrorCode;
import io.millrace.core.SendOverflowPolicy;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is made again, how often, and what never is. */
class ExchangeRetryIT {
    private static final RequestOptions ONCE = RequestOptions.within(LONG);
    private static final RequestOptions IDEMPOTENT = ONCE.idempotent();
    private static final int LARGE = 8 << 20;
    private static final int SMALL_STACK_BYTES = 192 << 10;
    private static final SessionConfig SOON_STALLED = SessionConfig.builder()
            .sendLimit(2 * LARGE)
            .writeProgressTimeout(Duration.ofMillis(250))
            .build();

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static ByteBuffer payload(String text) {
        return ByteBuffer.wrap(bytes(text));
    }

    private TcpClient clientOf(RawServer server) throws Exception {
        return leaks.watch(ExchangeIT.to(server.port()).build());
    }

    @Test
    void requestThatMayHaveBeenWrittenIsLostAndNeverMadeAgain() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = clientOf(server);
        CompletableFuture<Outcome<ByteBuffer>> first = client.exchange(payload("first"), ONCE);
        try (RawServer.Connection connection = server.accept()) {
            assertEquals("first", connection.receiveText());
            connection.reset();
        }

        Outcome<ByteBuffer> outcome = outcomeOf(first);
        CompletableFuture<Outcome<ByteBuffer>> second = client.exchange(payload("second"), ONCE);
        RawServer.Connection connection = leaks.close(server.accept());

        assertEquals("second", connection.receiveText(), "what comes next");
        connection.send("2");
        assertTrue(outcomeOf(second).isReply());
        assertEquals(Kind.LOST, outcome.kind());
        assertTrue(outcome.maybeSent());
        assertEquals(1, outcome.attempts());
        assertEquals("socket:error_for_return_data_null", outcome.statusText());
    }

    @Test
    void idempotentRequestIsMadeAgainOnAnotherConnection() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        CompletableFuture<Outcome<ByteBuffer>> asked = clientOf(server).exchange(payload("again"), IDEMPOTENT);
        for (int i = 0; i < 2; i++) {
            try (RawServer.Connection connection = server.accept()) {
                assertEquals("again", connection.receiveText());
                connection.reset();
            }
        }
        RawServer.Connection connection = leaks.close(server.accept());
        assertEquals("again", connection.receiveText());
        connection.send("at last");

        Outcome<ByteBuffer> outcome = outcomeOf(asked);
        assertEquals("at last", text(CompletableFuture.completedFuture(outcome.orThrow())));
        assertEquals(3, outcome.attempts());
    }

    @Test
    void attemptsOfARequestAreLimited() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        CompletableFuture<Outcome<ByteBuffer>> asked =
                clientOf(server).exchange(payload("again"), IDEMPOTENT.maxAttempts(2));
        for (int i = 0; i < 2; i++) {
            try (RawServer.Connection connection = server.accept()) {
                connection.receive();
                connection.reset();
            }
        }

        assertEquals(Kind.LOST, outcomeOf(asked).kind());
        assertEquals(2, outcomeOf(asked).attempts());
    }

    @Test
    void requestThatWasNotWrittenMovesToAnotherConnectionAndArrivesOnce() throws Exception {
        RawServer server = leaks.close(RawServer.start(0, 4096));
        TcpClient client =
                leaks.watch(ExchangeIT.to(server.port()).sessions(SOON_STALLED).build());
        CompletableFuture<Outcome<ByteBuffer>> large = client.exchange(ByteBuffer.allocate(LARGE), ONCE);
        RawServer.Connection stuck = leaks.close(server.accept());
        assertEquals(0, stuck.read(), "the first byte of the length");
        CompletableFuture<Outcome<ByteBuffer>> queued = client.exchange(payload("queued"), ONCE);

        // it reads no more, until the client gives the connection up
        assertEquals(Kind.LOST, outcomeOf(large).kind());
        RawServer.Connection connection = leaks.close(server.accept());
        assertEquals("queued", connection.receiveText());
        connection.send("here");
        assertTrue(outcomeOf(queued).isReply());
        assertEquals(2, outcomeOf(queued).attempts());
        assertEquals(1, outcomeOf(large).attempts());
    }

    @Test
    void withoutRetriesWhatWasNotWrittenFailsAndSaysSo() throws Exception {
        RawServer server = leaks.close(RawServer.start(0, 4096));
        TcpClient client = leaks.watch(ExchangeIT.to(server.port())
                .sessions(SOON_STALLED)
                .retry(RetryConfig.none())
                .build());
        CompletableFuture<Outcome<ByteBuffer>> large = client.exchange(ByteBuffer.allocate(LARGE), ONCE);
        RawServer.Connection stuck = leaks.close(server.accept());
        assertEquals(0, stuck.read(), "the first byte of the length");
        CompletableFuture<Outcome<ByteBuffer>> queued = client.exchange(payload("queued"), ONCE);

        // it reads no more, until the client gives the connection up
        assertEquals(Kind.LOST, outcomeOf(large).kind());
        assertEquals(Kind.NOT_SENT, outcomeOf(queued).kind());
        assertFalse(outcomeOf(queued).maybeSent());
    }

    @Test
    void requestThatADrainingServerHasNotBegunIsMadeAgain() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(
                ExchangeIT.to(server.port()).protocol(Protocol.millrace()).build());
        CompletableFuture<Outcome<ByteBuffer>> asked = client.exchange(payload("a"), ONCE);
        RawServer.Connection draining = leaks.close(server.accept());
        long token = RawFrames.tokenOf(draining.receive());
        draining.sendBytes(RawFrames.drainNotice());
        draining.sendBytes(RawFrames.error(token, ErrorCode.DRAINING));

        RawServer.Connection other = leaks.close(server.accept());
        other.sendBytes(RawFrames.reply(RawFrames.tokenOf(other.receive()), (byte) 'A'));

        assertTrue(outcomeOf(asked).isReply());
        assertEquals(2, outcomeOf(asked).attempts());
    }

    @Test
    void requestThatWasLostOnceStaysLostIfItCannotBeMadeAgain() throws Exception {
        CompletableFuture<Outcome<ByteBuffer>> asked;
        try (RawServer server = RawServer.start()) {
            TcpClient client = leaks.watch(Clients.to(server.port()).build());
            asked = client.exchange(payload("a"), IDEMPOTENT);
            RawServer.Connection connection = server.accept();
            connection.receive();
            server.close();
            connection.reset();
        }

        Outcome<ByteBuffer> outcome = outcomeOf(asked);
        assertEquals(Kind.LOST, outcome.kind());
        assertTrue(outcome.maybeSent(), "the first attempt may have been done");
        Throwable lost = outcome.failure();
        assertNotNull(lost);
        TransportException last = assertInstanceOf(TransportException.class, lost.getSuppressed()[0]);
        assertFalse(last.maybeSent(), "why it was not made again: " + last);
    }

    @Test
    void budgetBoundsWhatAnOutageCosts() throws Exception {
        int requests = 100;
        RawServer server = leaks.close(RawServer.start());
        AtomicInteger received = new AtomicInteger();
        CompletableFuture<Void> serving = CompletableFuture.runAsync(() -> resetEverything(server, received));
        TcpClient client = leaks.watch(ExchangeIT.to(server.port())
                .retry(RetryConfig.defaults().minPerSecond(0))
                .build());

        for (int i = 0; i < requests; i++) {
            assertEquals(
                    Kind.LOST,
                    outcomeOf(client.exchange(payload("again"), IDEMPOTENT)).kind());
        }

        assertEquals(requests + requests / 5, received.get(), "a fifth more than without retries");
        server.close();
        serving.get(20, TimeUnit.SECONDS);
    }

    private static void resetEverything(RawServer server, AtomicInteger received) {
        try {
            while (true) {
                try (RawServer.Connection connection = server.accept()) {
                    connection.receive();
                    received.incrementAndGet();
                    connection.reset();
                }
            }
        } catch (IOException closed) {
            // the end of the test
        }
    }

    @Test
    void noRequestArrivesTwiceThoughConnectionsBreakAllTheTime() throws Exception {
        int requests = 300;
        RawServer server = leaks.close(RawServer.start());
        ConcurrentHashMap<String, AtomicInteger> arrivals = new ConcurrentHashMap<>();
        CompletableFuture<Void> serving = CompletableFuture.runAsync(() -> answerSome(server, arrivals));
        TcpClient client = leaks.watch(ExchangeIT.to(server.port())
                .retry(RetryConfig.defaults().maxAttempts(100).minPerSecond(100_000))
                .build());

        CompletableFuture<?>[] all = new CompletableFuture<?>[requests];
        AtomicInteger disagreements = new AtomicInteger();
        for (int i = 0; i < requests; i++) {
            String name = "request " + i;
            all[i] = client.exchange(payload(name), ONCE).thenAccept(outcome -> {
                boolean arrived = arrivals.containsKey(name);
                if (arrived && !outcome.maybeSent() || outcome.isReply() && !arrived) {
                    disagreements.incrementAndGet();
                }
            });
            if (i % 10 == 9) {
                all[i].get(20, TimeUnit.SECONDS);
            }
        }
        CompletableFuture.allOf(all).get(20, TimeUnit.SECONDS);

        assertTrue(arrivals.values().stream().allMatch(count -> count.get() == 1), arrivals.toString());
        assertEquals(0, disagreements.get(), "outcomes that contradict what the server has seen");
        server.close();
        client.close();
        serving.get(20, TimeUnit.SECONDS);
    }

    /** Answers three requests of each connection, takes one more, and breaks it. */
    private static void answerSome(RawServer server, ConcurrentHashMap<String, AtomicInteger> arrivals) {
        try {
            while (true) {
                try (RawServer.Connection connection = server.accept()) {
                    for (int i = 0; i < 4; i++) {
                        String name = connection.receiveText();
                        arrivals.computeIfAbsent(name, any -> new AtomicInteger())
                                .incrementAndGet();
                        if (i < 3) {
                            connection.send(name);
                        }
                    }
                    connection.reset();
                } catch (EOFException | SocketException broken) {
                    if (server.isClosed()) {
                        return;
                    }
                }
            }
        } catch (IOException closed) {
            // the end of the test
        }
    }

    @Test
    void thousandRetriesThatFailAtOnceAreALoopAndNoRecursion() throws Exception {
        RawServer server = leaks.close(RawServer.start(0, 4096));
        TcpClient client = leaks.watch(ExchangeIT.to(server.port())
                .sessions(SessionConfig.builder()
                        .sendMarks(0, 1)
                        .sendLimit(1)
                        .sendOverflow(SendOverflowPolicy.REFUSE)
                        .build())
                .retry(RetryConfig.defaults().minPerSecond(10_000))
                .build());
        CompletableFuture<ByteBuffer> first = client.request(payload("first"), ONCE);
        RawServer.Connection connection = leaks.close(server.accept());
        connection.receive();
        CompletableFuture<Integer> depth = new CompletableFuture<>();
        CompletableFuture<Outcome<ByteBuffer>> refused = new CompletableFuture<>();
        // in a callback, so that no retry can be over before somebody listens
        first.thenRun(() -> {
            client.exchange(ByteBuffer.allocate(LARGE), ONCE);
            client.exchange(payload("no room"), ONCE.maxAttempts(1_000)).thenAccept(outcome -> {
                depth.complete(new Throwable().getStackTrace().length);
                refused.complete(outcome);
            });
        });

        connection.send("1");

        Outcome<ByteBuffer> outcome = outcomeOf(refused);
        assertEquals(Kind.NOT_SENT, outcome.kind());
        assertEquals(1_000, outcome.attempts());
        assertTrue(depth.get() < 100, "frames on the stack: " + depth.get());
        assertEquals(1_000, outcomeOf(onASmallStack(client)).attempts());
    }

    /** Makes the same request where a thousand calls in each other would overflow the stack. */
    private static CompletableFuture<Outcome<ByteBuffer>> onASmallStack(TcpClient client) throws Exception {
        CompletableFuture<CompletableFuture<Outcome<ByteBuffer>>> asked = new CompletableFuture<>();
        new Thread(
                        null,
                        () -> asked.complete(client.exchange(payload("no room"), ONCE.maxAttempts(1_000))),
                        "small stack",
                        SMALL_STACK_BYTES)
                .start();
        return asked.get(20, TimeUnit.SECONDS);
    }
}

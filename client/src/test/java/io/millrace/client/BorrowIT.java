package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static io.millrace.client.Pools.ask;
import static io.millrace.client.Pools.awaitWaiting;
import static io.millrace.client.Pools.borrow;
import static io.millrace.client.Pools.expectBalanced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Pools.Use;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.request.ConnectionUse;
import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that are borrowed from the pool, used, and given back in whatever state they are in. */
@Tag("engine")
class BorrowIT {
    private static final Duration SHORT = Duration.ofMillis(50);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static CompletableFuture<ByteBuffer> request(Borrowed borrowed, String text) {
        return borrowed.session().request(ByteBuffer.wrap(bytes(text)), LONG);
    }

    @ParameterizedTest
    @EnumSource
    void connectionBelongsToItsBorrowerUntilItComesBack(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);

        Borrowed first = borrow(client);
        assertEquals(ConnectionUse.OPENED, first.use());
        assertEquals(1, client.poolStats().borrowed());
        CompletableFuture<Borrowed> second = client.borrow(LONG);
        CompletableFuture<ByteBuffer> request = client.request(bytes("mine"), LONG);
        awaitWaiting(client, 2);
        assertEquals("hi", ask(first, "hi"));
        assertFalse(second.isDone() || request.isDone());
        first.giveBack();

        Borrowed next = second.get(20, TimeUnit.SECONDS);
        assertEquals(first.session().id(), next.session().id());
        assertEquals(ConnectionUse.REUSED_AFTER_WAITING, next.use());
        assertFalse(request.isDone());
        next.close();
        assertEquals("mine", text(request));
        expectBalanced(client);
        assertEquals(1, client.poolStats().open());
    }

    @ParameterizedTest
    @EnumSource
    void everyCallAfterTheReturnIsRefusedButHarmlessOnes(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        Borrowed borrowed = borrow(client);
        Session session = borrowed.session();
        borrowed.giveBack();

        ByteBuffer payload = ByteBuffer.wrap(bytes("late"));
        List<Runnable> calls = new ArrayList<>(List.of(
                () -> session.send(payload),
                () -> session.send(bytes("late")),
                () -> session.send(payload, failure -> {}),
                () -> session.sendAsync(payload),
                () -> session.transfer(payload),
                () -> session.transfer(payload, () -> {}),
                () -> session.request(payload, LONG),
                session::pauseReading,
                session::resumeReading,
                () -> session.pauseReadingUntilWritable(session),
                session::shutdownOutput,
                () -> session.execute(() -> {}),
                session::drain,
                session::close,
                session::abort,
                session::isOpen,
                session::queuedBytes,
                session::roundTrip,
                session::missedHeartbeats,
                session::attachment,
                () -> session.attach("late")));
        for (Runnable call : calls) {
            IllegalStateException refused = assertThrows(IllegalStateException.class, call::run);
            assertTrue(refused.getMessage().startsWith("given back: "), refused.getMessage());
        }
        assertThrows(IllegalStateException.class, () -> session.sendAndWait(payload, LONG));

        assertTrue(session.id() > 0);
        assertEquals(session.remoteAddress().getPort(), borrowed.endpoint().port());
        assertTrue(session.localAddress().getPort() > 0);
        assertEquals(null, session.closeReason());
        assertFalse(session.closed().isDone());
        assertEquals(0, session.stats().messagesSent());
        assertThrows(IllegalStateException.class, borrowed::giveBack);
        borrowed.close();
        expectBalanced(client);
    }

    @ParameterizedTest
    @EnumSource
    void pausedConnectionIsReadAgainByTheNextUser(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        long id;
        try (Borrowed borrowed = borrow(client)) {
            id = borrowed.session().id();
            borrowed.session().pauseReading();
        }
        try (Borrowed borrowed = borrow(client)) {
            assertEquals(id, borrowed.session().id());
            assertEquals("read", ask(borrowed, "read"));
        }
        assertEquals("shared", Clients.ask(client, "shared"));
    }

    @ParameterizedTest
    @EnumSource
    void connectionThatItsBorrowerHasEndedIsReplacedAtOnce(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        List<java.util.function.Consumer<Session>> ends =
                List.of(Session::close, Session::abort, Session::drain, Session::shutdownOutput);
        for (var end : ends) {
            long id;
            try (Borrowed borrowed = borrow(client)) {
                id = borrowed.session().id();
                end.accept(borrowed.session());
            }
            try (Borrowed borrowed = borrow(client)) {
                assertNotEquals(id, borrowed.session().id());
                assertEquals("again", ask(borrowed, "again"));
            }
        }
        assertEquals(0, client.poolStats().lost());
        assertEquals(0, client.endpoints().get(0).failuresInARow());
    }

    @ParameterizedTest
    @EnumSource
    void replyToWhatABorrowerAskedNeverReachesTheNext(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        Borrowed borrowed = borrow(client);
        CompletableFuture<ByteBuffer> left = request(borrowed, "hold");
        var held = pools.held();
        borrowed.giveBack();

        assertEquals("mine", Clients.ask(client, "mine"));
        held.send(bytes("theirs"));
        assertEquals("theirs", text(left));
        try (Borrowed next = borrow(client)) {
            assertEquals(
                    use == Use.SHARED_BY_TOKEN,
                    next.session().id() == borrowed.session().id());
        }
        expectBalanced(client);
    }

    @Test
    void connectionThatSpeaksAnotherProtocolIsNotUsedAgain() throws Exception {
        Pools pools = new Pools(Use.SHARED_IN_ORDER, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        Borrowed borrowed = borrow(client);
        CompletableFuture<Void> upgraded = new CompletableFuture<>();
        borrowed.session().execute(() -> {
            borrowed.session().upgrade(Use.SHARED_BY_TOKEN.protocol, new MessageHandler() {
                @Override
                public void onMessage(Session session, ByteBuffer message) {}
            });
            upgraded.complete(null);
        });
        upgraded.get(20, TimeUnit.SECONDS);
        borrowed.giveBack();

        assertEquals("old protocol", Clients.ask(client, "old protocol"));
        assertEquals(
                CloseReason.Kind.LOCAL,
                borrowed.session().closed().get(20, TimeUnit.SECONDS).kind());
    }

    @Test
    void returnWaitsForTheCallsThatAreUnderWay() throws Exception {
        Pools pools = new Pools(Use.SHARED_BY_TOKEN, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        Borrowed borrowed = borrow(client);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        AtomicBoolean refused = new AtomicBoolean();
        borrowed.session().execute(() -> {
            running.countDown();
            try {
                mayEnd.await(20, TimeUnit.SECONDS);
                borrowed.session().send(bytes("late"));
            } catch (IllegalStateException expected) {
                refused.set(true);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertTrue(running.await(20, TimeUnit.SECONDS));
        borrowed.giveBack();
        CompletableFuture<Borrowed> next = client.borrow(LONG);
        awaitWaiting(client, 1);
        mayEnd.countDown();
        next.get(20, TimeUnit.SECONDS).giveBack();
        assertTrue(refused.get());
    }

    @ParameterizedTest
    @EnumSource
    void cancelledBorrowerGetsNothingAndHoldsNobodyUp(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        Borrowed first = borrow(client);
        CompletableFuture<Borrowed> cancelled = client.borrow(LONG);
        CompletableFuture<Borrowed> second = client.borrow(LONG);
        awaitWaiting(client, 2);
        assertTrue(cancelled.cancel(false));
        awaitWaiting(client, 1);
        first.giveBack();
        second.get(20, TimeUnit.SECONDS).giveBack();
        assertThrows(CancellationException.class, cancelled::join);
        expectBalanced(client);
    }

    @ParameterizedTest
    @EnumSource
    void borrowerWhoseTimeIsOverIsToldThatItHasNothing(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        Borrowed first = borrow(client);
        RequestTimeoutException late = assertInstanceOf(RequestTimeoutException.class, failureOf(client.borrow(SHORT)));
        assertFalse(late.maybeSent());
        assertEquals(1, client.poolStats().timedOutWaiting());
        first.giveBack();
        expectBalanced(client);
        assertThrows(IllegalArgumentException.class, () -> client.borrow(Duration.ZERO));
    }

    @ParameterizedTest
    @EnumSource(names = {"SHARED_BY_TOKEN", "SHARED_IN_ORDER"})
    void borrowerGetsAConnectionUnderConstantLoad(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 2);
        AtomicBoolean stop = new AtomicBoolean();
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            callers.add(askOn(client, stop));
        }
        awaitSoon("load", () -> client.poolStats().reused() > 100);
        for (int i = 0; i < 5; i++) {
            List<Borrowed> both = List.of(borrow(client), borrow(client));
            for (Borrowed borrowed : both) {
                assertEquals("mine", ask(borrowed, "mine"));
            }
            both.forEach(Borrowed::giveBack);
        }
        stop.set(true);
        for (CompletableFuture<Void> caller : callers) {
            caller.get(20, TimeUnit.SECONDS);
        }
        expectBalanced(client);
    }

    /** Asks on and on, each time when the reply to the one before has come. */
    private static CompletableFuture<Void> askOn(TcpClient client, AtomicBoolean stop) {
        return client.request(bytes("load"), LONG)
                .thenCompose(reply -> stop.get() ? CompletableFuture.completedFuture(null) : askOn(client, stop));
    }

    @Test
    void connectionKeptForABorrowerServesRequestsAgainWhenNobodyWaitsForIt() throws Exception {
        Pools pools = new Pools(Use.SHARED_BY_TOKEN, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        CompletableFuture<ByteBuffer> held = client.request(bytes("hold"), LONG);
        var reply = pools.held();
        CompletableFuture<Borrowed> borrowing = client.borrow(LONG);
        awaitWaiting(client, 1);
        CompletableFuture<ByteBuffer> behind = client.request(bytes("behind"), LONG);
        awaitWaiting(client, 2);
        assertEquals(0, client.poolStats().borrowed());

        borrowing.cancel(false);
        assertEquals("behind", text(behind));
        reply.send(bytes("done"));
        assertEquals("done", text(held));
        expectBalanced(client);
    }

    @Test
    void answerToAMessageOfABorrowerIsNeverTakenForTheReplyToARequest() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client =
                leaks.watch(Clients.to(peer.port()).pool(Clients.ONE_CONNECTION).build());
        Borrowed borrowed = borrow(client);
        RawServer.Connection lent = leaks.close(peer.accept());
        borrowed.session().send(bytes("no request"));
        assertEquals("no request", lent.receiveText());
        borrowed.giveBack();

        CompletableFuture<ByteBuffer> reply = client.request(bytes("mine"), LONG);
        lent.send("answer to no request");
        RawServer.Connection next = leaks.close(peer.accept());
        assertEquals("mine", next.receiveText());
        next.send("reply to mine");

        assertEquals("reply to mine", text(reply));
    }

    @Test
    void requestsAndBorrowersOfOneConnectionTakeTurns() throws Exception {
        Pools pools = new Pools(Use.SHARED_BY_TOKEN, leaks);
        TcpServer server = pools.serve();
        TcpClient client = pools.client(server, 1);
        Borrowed first = borrow(client);
        List<String> order = java.util.Collections.synchronizedList(new ArrayList<>());
        CompletableFuture<?> one = client.request(bytes("1"), LONG).thenRun(() -> order.add("request"));
        awaitWaiting(client, 1);
        CompletableFuture<?> two = client.borrow(LONG).thenAccept(borrowed -> {
            order.add("borrower");
            borrowed.giveBack();
        });
        awaitWaiting(client, 2);
        first.giveBack();
        CompletableFuture.allOf(one, two).get(20, TimeUnit.SECONDS);
        assertEquals(List.of("request", "borrower"), order);
        expectBalanced(client);
    }
}

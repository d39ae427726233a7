package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.assertWithin;
import static io.millrace.client.LeakCheck.awaitSoon;
import static io.millrace.client.Pools.awaitWaiting;
import static io.millrace.client.Pools.borrow;
import static io.millrace.client.Pools.limitedTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Pools.Use;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.core.TransportException;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that are closed while connections are borrowed, made and given back. */
@Tag("engine")
class PoolCloseIT {
    private static final Duration SOON = Duration.ofSeconds(4);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static void expectClosed(CompletableFuture<?> future) throws Exception {
        RequestRefusedException refusal = assertInstanceOf(RequestRefusedException.class, failureOf(future));
        assertEquals(Reason.CLOSED, refusal.reason());
    }

    @ParameterizedTest
    @EnumSource
    void whoWaitsIsToldAtOnceAndWhatIsLentIsClosed(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpServer server = pools.serve();
        TcpClient client = pools.client(server, 1);
        Borrowed lent = borrow(client);
        List<CompletableFuture<?>> waiting =
                List.of(client.borrow(LONG), client.request(bytes("waits"), LONG), client.borrow(LONG));
        awaitWaiting(client, 3);

        long start = System.nanoTime();
        client.close();
        assertWithin(SOON, start);
        for (CompletableFuture<?> each : waiting) {
            expectClosed(each);
        }
        expectClosed(client.borrow(LONG));
        assertTrue(lent.session().closed().isDone());
        lent.giveBack();
        assertEquals(0, client.sessionCount());
        awaitSoon("the server's sessions", () -> server.sessions().isEmpty());
    }

    @Test
    void whoWaitsForAConnectionThatIsBeingMadeIsToldAtOnce() throws Exception {
        try (FullBacklog silent = FullBacklog.create()) {
            TcpClient client = leaks.watch(Clients.to(silent.port()).build());
            CompletableFuture<Borrowed> waiting = client.borrow(LONG);
            awaitSoon("the attempt", () -> client.poolStats().opening() == 1);
            long start = System.nanoTime();
            client.close();
            assertWithin(SOON, start);
            expectClosed(waiting);
            assertEquals(0, client.sessionCount());
        }
    }

    @ParameterizedTest
    @EnumSource
    void closeInAStormOfBorrowersLeavesNothing(Use use) throws Exception {
        closeInAStorm(use, 15);
    }

    @ParameterizedTest
    @EnumSource
    @Tag("heavy")
    void closesInStormsOfBorrowersLeaveNothing(Use use) throws Exception {
        closeInAStorm(use, 500);
    }

    private void closeInAStorm(Use use, int rounds) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpServer server = pools.serve();
        for (int round = 0; round < rounds; round++) {
            TcpClient client = pools.to(server, limitedTo(4).minIdle(round % 3))
                    .drainTimeout(SOON)
                    .build();
            List<CompletableFuture<?>> all = new ArrayList<>();
            for (int i = 0; i < 10 * (1 + round % 4); i++) {
                all.add(useOne(client));
            }
            if (round % 2 == 0) {
                all.get(0).get(20, TimeUnit.SECONDS);
            }
            long start = System.nanoTime();
            client.close();
            for (CompletableFuture<?> each : all) {
                each.get(20, TimeUnit.SECONDS);
            }
            assertWithin(SOON, start);
            assertEquals(0, client.sessionCount());
        }
        awaitSoon("the server's sessions", () -> server.sessions().isEmpty());
    }

    /** Borrows, asks and gives back; completes whatever becomes of it, unless it is something unexpected. */
    private static CompletableFuture<?> useOne(TcpClient client) {
        return client.borrow(LONG)
                .thenCompose(borrowed -> borrowed.session()
                        .request(ByteBuffer.wrap(bytes("use")), LONG)
                        .whenComplete((reply, failure) -> borrowed.giveBack()))
                .handle((reply, failure) -> {
                    if (failure != null) {
                        assertInstanceOf(TransportException.class, failure.getCause(), failure.toString());
                    }
                    return reply;
                });
    }
}

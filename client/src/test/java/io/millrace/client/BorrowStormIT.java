package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static io.millrace.client.Pools.borrow;
import static io.millrace.client.Pools.expectBalanced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Pools.Use;
import io.millrace.client.pool.Borrowed;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many borrowers and callers at once, careless ones among them: no connection ever has two owners. */
@Tag("engine")
class BorrowStormIT {
    private static final int CONNECTIONS = 4;
    private static final int BORROWERS = 16;
    private static final int CALLERS = 8;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    /** Who has which session just now. */
    private final ConcurrentHashMap<Long, Thread> owners = new ConcurrentHashMap<>();

    @ParameterizedTest
    @EnumSource
    void noConnectionEverHasTwoBorrowers(Use use) throws Exception {
        storm(use, 40);
    }

    @ParameterizedTest
    @EnumSource
    @Tag("heavy")
    void noConnectionEverHasTwoBorrowersForLong(Use use) throws Exception {
        storm(use, 2_000);
    }

    private void storm(Use use, int rounds) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpServer server = pools.serve();
        TcpClient client = pools.client(server, CONNECTIONS);
        AtomicBoolean stop = new AtomicBoolean();
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(askOn(client, stop));
        }
        ExecutorService threads = Executors.newFixedThreadPool(BORROWERS);
        List<Future<?>> borrowers = new ArrayList<>();
        for (int i = 0; i < BORROWERS; i++) {
            Random random = new Random(i);
            borrowers.add(threads.submit(() -> {
                for (int round = 0; round < rounds; round++) {
                    useOne(borrow(client), random);
                }
                return null;
            }));
        }
        threads.shutdown();
        for (Future<?> borrower : borrowers) {
            borrower.get(100, TimeUnit.SECONDS);
        }
        stop.set(true);
        for (CompletableFuture<Void> caller : callers) {
            caller.get(20, TimeUnit.SECONDS);
        }
        expectBalanced(client);
        awaitSoon(
                "dropped connections",
                () -> server.sessions().size() == client.poolStats().open());
        assertTrue(client.poolStats().open() <= CONNECTIONS);
        assertEquals(0, client.poolStats().lost());
    }

    private void useOne(Borrowed borrowed, Random random) throws Exception {
        long id = borrowed.session().id();
        Thread other = owners.putIfAbsent(id, Thread.currentThread());
        assertEquals(null, other, "session " + id + " has another borrower");
        long sentBefore = borrowed.session().stats().messagesSent();
        int fate = random.nextInt(10);
        String mine = Thread.currentThread().getName() + fate;
        CompletableFuture<ByteBuffer> reply = borrowed.session().request(ByteBuffer.wrap(bytes(mine)), LONG);
        if (fate > 2) {
            assertEquals(mine, text(reply));
        }
        if (fate == 3) {
            borrowed.session().abort();
        } else if (fate == 4) {
            borrowed.session().pauseReading();
        }
        assertEquals(sentBefore + 1, borrowed.session().stats().messagesSent(), "somebody else has sent something");
        assertTrue(owners.remove(id, Thread.currentThread()));
        borrowed.giveBack();
        if (fate == 5) {
            assertThrows(IllegalStateException.class, borrowed::giveBack);
            assertThrows(IllegalStateException.class, () -> borrowed.session().send(bytes("late")));
            borrowed.close();
        }
        if (fate <= 2) {
            assertEquals(mine, text(reply));
        }
    }

    /** Asks on and on, and gets its own replies. */
    private static CompletableFuture<Void> askOn(TcpClient client, AtomicBoolean stop) {
        return client.request(bytes("shared"), LONG).thenCompose(reply -> {
            assertEquals(ByteBuffer.wrap(bytes("shared")), reply);
            return stop.get() ? CompletableFuture.completedFuture(null) : askOn(client, stop);
        });
    }
}

package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.text;
import static io.millrace.client.Pools.awaitWaiting;
import static io.millrace.client.Pools.borrow;
import static io.millrace.client.Pools.expectBalanced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Pools.Use;
import io.millrace.client.pool.Borrowed;
import io.millrace.core.RequestTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** More borrowers than connections: who is next, and what becomes of those whose time runs out. */
@Tag("engine")
class PoolExhaustedIT {
    private static final int CONNECTIONS = 2;
    private static final int AT_ONCE = 40;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @ParameterizedTest
    @EnumSource
    void borrowersAreServedInTheOrderInWhichTheyCame(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), 1);
        Borrowed first = borrow(client);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<?>> waiting = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            int number = i;
            waiting.add(client.borrow(LONG).thenAccept(borrowed -> {
                order.add(number);
                borrowed.giveBack();
            }));
        }
        awaitWaiting(client, 30);
        first.giveBack();
        CompletableFuture.allOf(waiting.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
        assertEquals(IntStream.range(0, 30).boxed().toList(), order);
        expectBalanced(client);
    }

    @ParameterizedTest
    @EnumSource
    void borrowersWhoseTimeRunsOutJustThenSwallowNoConnection(Use use) throws Exception {
        exhaust(use, 60);
    }

    @ParameterizedTest
    @EnumSource
    @Tag("heavy")
    void thousandsOfBorrowersWhoseTimeRunsOutSwallowNoConnection(Use use) throws Exception {
        exhaust(use, 500);
    }

    private void exhaust(Use use, int rounds) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpClient client = pools.client(pools.serve(), CONNECTIONS);
        AtomicInteger served = new AtomicInteger();
        AtomicInteger late = new AtomicInteger();
        AtomicInteger lent = new AtomicInteger();
        for (int round = 0; round < rounds; round++) {
            List<CompletableFuture<?>> all = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                Duration timeout = Duration.ofNanos(ThreadLocalRandom.current().nextLong(1, 15_000_000));
                CompletableFuture<Borrowed> borrowing = client.borrow(timeout);
                all.add(borrowing.thenCompose(borrowed -> useIt(borrowed, lent)).handle((done, failure) -> {
                    if (failure == null) {
                        return served.incrementAndGet();
                    }
                    assertInstanceOf(RequestTimeoutException.class, failure.getCause(), failure.toString());
                    return late.incrementAndGet();
                }));
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);
        }
        assertEquals(rounds * AT_ONCE, served.get() + late.get());
        assertTrue(served.get() > 0 && late.get() > 0, () -> "served " + served + ", late " + late);
        assertEquals(late.get(), client.poolStats().timedOutWaiting());
        expectBalanced(client);
        List<Borrowed> everyOne = List.of(borrow(client), borrow(client));
        everyOne.forEach(Borrowed::giveBack);
        assertEquals(CONNECTIONS, client.poolStats().open());
        assertEquals("well", text(client.request(bytes("well"), LONG)));
    }

    private static CompletableFuture<?> useIt(Borrowed borrowed, AtomicInteger lent) {
        assertTrue(lent.incrementAndGet() <= CONNECTIONS, "more are lent than there are");
        return borrowed.session().request(ByteBuffer.wrap(bytes("use")), LONG).whenComplete((reply, failure) -> {
            lent.decrementAndGet();
            borrowed.giveBack();
        });
    }
}

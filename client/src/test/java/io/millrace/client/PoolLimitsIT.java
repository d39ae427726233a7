package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;
import static io.millrace.client.Pools.ask;
import static io.millrace.client.Pools.awaitWaiting;
import static io.millrace.client.Pools.borrow;
import static io.millrace.client.Pools.expectBalanced;
import static io.millrace.client.Pools.limitedTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Pools.Use;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.pool.PoolConfigBuilder;
import io.millrace.client.pool.PoolOrder;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.server.TcpServer;
import io.millrace.testing.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The limits and habits of a pool, where requests share connections and where they do not. */
@Tag("engine")
class PoolLimitsIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private TcpClient client(Pools pools, PoolConfigBuilder pool) throws Exception {
        return leaks.watch(pools.to(pools.serve(), pool).build());
    }

    private static RequestRefusedException refusalOf(CompletableFuture<?> future) throws Exception {
        return assertInstanceOf(RequestRefusedException.class, failureOf(future));
    }

    private static List<Borrowed> borrow(TcpClient client, int count) throws Exception {
        List<Borrowed> borrowed = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            borrowed.add(Pools.borrow(client));
        }
        return borrowed;
    }

    @ParameterizedTest
    @EnumSource
    void borrowerBeyondThoseWhoMayWaitIsRefusedAtOnce(Use use) throws Exception {
        TcpClient client = client(new Pools(use, leaks), limitedTo(1).maxWaiting(2));
        Borrowed first = Pools.borrow(client);
        List<CompletableFuture<Borrowed>> waiting = List.of(client.borrow(LONG), client.borrow(LONG));
        awaitWaiting(client, 2);

        CompletableFuture<Borrowed> beyond = client.borrow(LONG);
        assertTrue(beyond.isDone());
        RequestRefusedException refusal = refusalOf(beyond);
        assertEquals(Reason.CONNECTIONS_EXHAUSTED, refusal.reason());
        assertTrue(refusal.getMessage().contains("maxWaiting"), refusal.getMessage());
        assertEquals(1, client.poolStats().refusedExhausted());

        first.giveBack();
        for (CompletableFuture<Borrowed> next : waiting) {
            next.get(20, TimeUnit.SECONDS).giveBack();
        }
        expectBalanced(client);
    }

    @ParameterizedTest
    @EnumSource
    void nobodyWaitsLongerThanThePoolAllows(Use use) throws Exception {
        ManualClock clock = new ManualClock();
        Pools pools = new Pools(use, leaks);
        TcpClient client = leaks.close(pools.to(pools.serve(), limitedTo(1).acquireTimeout(Duration.ofSeconds(3)))
                .group(Pools.group(clock, leaks))
                .build());
        Borrowed first = Pools.borrow(client);
        CompletableFuture<Borrowed> waiting = client.borrow(LONG);
        awaitWaiting(client, 1);
        clock.advance(Duration.ofMillis(2_900));
        assertEquals(1, client.poolStats().waiting());
        clock.advance(Duration.ofMillis(200));

        RequestRefusedException refusal = refusalOf(waiting);
        assertEquals(Reason.TIMED_OUT, refusal.reason());
        assertTrue(refusal.getMessage().contains("3000 ms, which is acquireTimeout"), refusal.getMessage());
        assertEquals(1, client.poolStats().timedOutWaiting());
        first.giveBack();
        expectBalanced(client);
    }

    @ParameterizedTest
    @EnumSource
    void idleConnectionUsedLastIsUsedFirst(Use use) throws Exception {
        assertEquals(List.of(2, 1, 0), orderOfUse(use, PoolOrder.LIFO));
    }

    @ParameterizedTest
    @EnumSource
    void connectionIdleForLongestIsUsedFirst(Use use) throws Exception {
        assertEquals(List.of(0, 1, 2), orderOfUse(use, PoolOrder.FIFO));
    }

    /** Returns the places, in the order of their return, of connections in the order in which they are lent again. */
    private List<Integer> orderOfUse(Use use, PoolOrder order) throws Exception {
        TcpClient client = client(new Pools(use, leaks), limitedTo(3).order(order));
        List<Long> returned = new ArrayList<>();
        for (Borrowed borrowed : borrow(client, 3)) {
            returned.add(borrowed.session().id());
            borrowed.giveBack();
        }
        List<Integer> places = new ArrayList<>();
        for (Borrowed borrowed : borrow(client, 3)) {
            places.add(returned.indexOf(borrowed.session().id()));
            borrowed.giveBack();
        }
        return places;
    }

    /** Picks the endpoint with the port that is set, or the first. */
    private static EndpointPicker pickPort(AtomicInteger port) {
        return candidates -> {
            for (int i = 0; i < candidates.size(); i++) {
                if (candidates.endpoint(i).port() == port.get()) {
                    return i;
                }
            }
            return 0;
        };
    }

    @ParameterizedTest
    @EnumSource
    void idleConnectionMakesRoomForOneToAnotherEndpoint(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpServer one = pools.serve();
        TcpServer other = pools.serve();
        AtomicInteger picked = new AtomicInteger(one.port());
        TcpClient client = leaks.watch(pools.to(one, limitedTo(2))
                .endpoints(new Endpoint("127.0.0.1", one.port()), new Endpoint("127.0.0.1", other.port()))
                .endpointPicker(pickPort(picked))
                .build());
        borrow(client, 2).forEach(Borrowed::giveBack);
        assertEquals(2, client.endpoints().get(0).connections());

        picked.set(other.port());
        try (Borrowed borrowed = Pools.borrow(client)) {
            assertEquals(one.port(), borrowed.endpoint().port(), "what is there is used at once");
            awaitSoon("connection to the other", () -> client.endpoints().get(1).connections() == 1);
        }
        assertEquals(1, client.endpoints().get(0).connections());
        assertEquals(1, client.poolStats().evictedForAnother());
        try (Borrowed borrowed = Pools.borrow(client)) {
            assertEquals(other.port(), borrowed.endpoint().port());
            assertEquals("hi", ask(borrowed, "hi"));
        }
        awaitSoon("end of the evicted one", () -> one.sessions().size() == 1);
        expectBalanced(client);
    }

    @ParameterizedTest
    @EnumSource
    void someIdleConnectionsAreAlwaysThere(Use use) throws Exception {
        TcpClient client = client(new Pools(use, leaks), limitedTo(4).minIdle(2));
        awaitSoon("two", () -> client.poolStats().idle() == 2);
        List<Borrowed> borrowed = borrow(client, 2);
        awaitSoon("two more", () -> client.poolStats().idle() == 2);
        assertEquals(4, client.poolStats().open());
        borrowed.addAll(borrow(client, 2));
        borrowed.remove(0).session().abort();
        awaitSoon("one more", () -> client.poolStats().idle() == 1);
        borrowed.forEach(Borrowed::giveBack);
        awaitSoon("all", () -> client.poolStats().idle() == 4);
        assertEquals(0, client.poolStats().lost());
    }

    @ParameterizedTest
    @EnumSource
    void endpointsDoNotTakePermitsFromEachOtherOnlyToHaveIdleConnections(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpServer one = pools.serve();
        TcpServer other = pools.serve();
        TcpClient client = leaks.watch(pools.to(one, limitedTo(1).minIdle(1))
                .endpoints(new Endpoint("127.0.0.1", one.port()), new Endpoint("127.0.0.1", other.port()))
                .build());
        awaitSoon("one", () -> client.poolStats().idle() == 1);
        for (int i = 0; i < 20; i++) {
            Pools.borrow(client).giveBack();
        }
        assertEquals(1, client.stats().opened());
        assertEquals(0, client.poolStats().evictedForAnother());
    }

    @ParameterizedTest
    @EnumSource
    void connectionsThatNobodyUsesAreClosedButForThoseThatShallBeThere(Use use) throws Exception {
        ManualClock clock = new ManualClock();
        Pools pools = new Pools(use, leaks);
        PoolConfigBuilder pool = limitedTo(4).minIdle(1).idleTimeout(Duration.ofSeconds(60));
        TcpServer server = pools.serve();
        TcpClient client = leaks.close(
                pools.to(server, pool).group(Pools.group(clock, leaks)).build());
        List<Borrowed> borrowed = borrow(client, 3);
        Borrowed kept = borrowed.remove(0);
        borrowed.forEach(Borrowed::giveBack);
        awaitSoon("all", () -> client.poolStats().opening() == 0);
        int open = client.poolStats().open();
        assertTrue(open >= 3, () -> "open: " + client.poolStats());

        clock.advance(Duration.ofSeconds(44));
        assertEquals(open, client.poolStats().open());
        for (int i = 0; i < 3; i++) {
            clock.advance(Duration.ofSeconds(16));
        }
        awaitSoon("the lent one and one more", () -> client.poolStats().open() == 2);
        assertEquals(open - 2, client.poolStats().evictedIdle());
        assertEquals("there", ask(kept, "there"));
        kept.giveBack();
        awaitSoon("end of the others", () -> server.sessions().size() == 2);
        expectBalanced(client);
    }
}

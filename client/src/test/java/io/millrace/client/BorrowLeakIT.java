package io.millrace.client;

import static io.millrace.client.Clients.bytes;
import static io.millrace.client.LeakCheck.awaitSoon;
import static io.millrace.client.Pools.borrow;
import static io.millrace.client.Pools.expectBalanced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Pools.Use;
import io.millrace.client.pool.Borrowed;
import io.millrace.core.Session;
import io.millrace.server.TcpServer;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.ManualClock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that were borrowed and do not come back. */
@Tag("engine")
class BorrowLeakIT {
    private static final Duration LEAK_AFTER = Duration.ofSeconds(30);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final CapturedLog log = new CapturedLog();

    @AfterEach
    void stopCapturing() {
        log.close();
    }

    private List<String> reports() {
        return log.lines().stream()
                .filter(line -> line.contains("borrowed connection"))
                .toList();
    }

    private static Borrowed borrowHereAndForget(TcpClient client) throws Exception {
        return borrow(client);
    }

    @ParameterizedTest
    @EnumSource
    void loanThatLastsTooLongIsReportedOnceWithWhoBorrowedIt(Use use) throws Exception {
        ManualClock clock = new ManualClock();
        Pools pools = new Pools(use, leaks);
        TcpClient client =
                leaks.close(pools.to(pools.serve(), Pools.limitedTo(1).leakAfter(LEAK_AFTER))
                        .group(Pools.group(clock, leaks))
                        .build());
        ExecutorService forgetful = Executors.newSingleThreadExecutor(task -> new Thread(task, "forgetful"));
        Borrowed borrowed = forgetful.submit(() -> borrowHereAndForget(client)).get();
        forgetful.shutdown();

        clock.advance(LEAK_AFTER.minusSeconds(1));
        assertEquals(0, client.poolStats().leaksReported());
        clock.advance(Duration.ofSeconds(2));
        awaitSoon("report", () -> !reports().isEmpty());
        clock.advance(LEAK_AFTER.multipliedBy(3));

        assertEquals(1, client.poolStats().leaksReported());
        assertEquals(1, reports().size());
        String report = reports().get(0);
        assertTrue(report.startsWith("WARN borrowed connection is not given back; endpoint=127.0.0.1:"), report);
        assertTrue(report.contains(" out=31"), report);
        assertTrue(report.contains(" borrower=forgetful"), report);
        assertTrue(
                log.stacks().stream().anyMatch(stack -> stack.contains("borrowHereAndForget")),
                () -> "stacks: " + log.stacks());
        borrowed.giveBack();
        expectBalanced(client);
    }

    @Test
    void loanThatComesBackInTimeIsNotReported() throws Exception {
        ManualClock clock = new ManualClock();
        Pools pools = new Pools(Use.SHARED_BY_TOKEN, leaks);
        TcpClient client =
                leaks.close(pools.to(pools.serve(), Pools.limitedTo(1).leakAfter(LEAK_AFTER))
                        .group(Pools.group(clock, leaks))
                        .build());
        for (int i = 0; i < 3; i++) {
            Borrowed borrowed = borrow(client);
            clock.advance(LEAK_AFTER.minusSeconds(1));
            borrowed.giveBack();
        }
        clock.advance(LEAK_AFTER.multipliedBy(2));
        assertEquals(0, client.poolStats().leaksReported());
        assertEquals(List.of(), reports());
    }

    @ParameterizedTest
    @EnumSource
    void loanThatTheProgramHasLostIsReportedAndItsPlaceFreed(Use use) throws Exception {
        Pools pools = new Pools(use, leaks);
        TcpServer server = pools.serve();
        TcpClient client = pools.client(server, 1);
        long lost = borrowHereAndForget(client).session().id();

        awaitSoon("report", () -> {
            System.gc();
            return client.poolStats().leaksReported() == 1;
        });
        try (Borrowed next = borrow(client)) {
            assertTrue(next.session().id() != lost);
        }
        awaitSoon("the lost connection's end", () -> server.sessions().size() == 1);
        awaitSoon("line", () -> reports().size() == 1);
        String report = reports().get(0);
        assertTrue(report.startsWith("WARN borrowed connection was lost by its borrower"), report);
        assertTrue(report.contains("leakAfter would have kept the stack"), report);
        expectBalanced(client);
    }

    @Test
    void loanOfWhichOnlyTheSessionIsKeptIsNotLost() throws Exception {
        Pools pools = new Pools(Use.SHARED_BY_TOKEN, leaks);
        TcpClient client = pools.client(pools.serve(), 2);
        Session kept = borrowHereAndForget(client).session();
        borrowHereAndForget(client).session().send(bytes("lost"));

        awaitSoon("the other one's report", () -> {
            System.gc();
            return client.poolStats().leaksReported() > 0;
        });
        System.gc();
        assertTrue(kept.isOpen());
        assertEquals(1, client.poolStats().leaksReported());
        assertEquals(1, client.poolStats().borrowed());
    }
}

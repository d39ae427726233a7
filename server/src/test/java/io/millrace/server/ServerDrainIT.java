package io.millrace.server;

import static io.millrace.server.LeakCheck.assertWithin;
import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.protocol.Protocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class ServerDrainIT {
    private static final Duration LONG = Duration.ofSeconds(30);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<CloseReason.Kind> ends = new LinkedBlockingQueue<>();
    private final CountDownLatch entered = new CountDownLatch(1);

    @Test
    void reportCountsWhatEndedAndWhatWasCut() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        List<RawClient> good = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            good.add(connected(server));
        }
        // This one keeps its side open.
        connected(server);
        RawClient.closeWhenTheyEnd(good);

        DrainReport report = await(server.drain(Duration.ofMillis(300)));

        assertEquals(3, report.ended());
        assertEquals(1, report.cut());
        assertEquals(0, report.left());
        assertFalse(report.inTime());
        assertTrue(report.took().toMillis() >= 300, report::toString);
        assertEquals(List.of(), report.stuckHandlers());
        assertEquals(ServerState.STOPPED, server.state());
        assertEquals(
                List.of("  sessions that ended in good order: 3", "  sessions cut off at the deadline: 1"),
                report.toString().lines().skip(1).toList());
    }

    @Test
    void drainOfAnIdleServerIsInTime() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        RawClient.closeWhenTheyEnd(List.of(connected(server)));

        DrainReport report = await(server.drain(LONG));

        assertTrue(report.inTime(), report::toString);
        assertEquals(1, report.ended());
    }

    @Test
    void earliestDeadlineCountsAndAllGetTheSameReport() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        connected(server);

        CompletableFuture<DrainReport> first = server.drain(LONG);
        CompletableFuture<DrainReport> second = server.drain(Duration.ofMillis(100));
        CompletableFuture<DrainReport> third = server.drain(LONG);
        // What one caller does with its future is nothing to the others.
        assertTrue(third.cancel(false));

        assertEquals(await(first), await(second));
        assertEquals(1, await(first).cut());
        assertEquals(await(first), await(server.drain(Duration.ZERO)));
    }

    @Test
    void drainIsLegalOnIoAndTimerThreadsAndCloseReturnsThere() throws Exception {
        TcpServer[] server = new TcpServer[1];
        BlockingQueue<CompletableFuture<DrainReport>> reports = new LinkedBlockingQueue<>();
        server[0] = leaks.watch(builder((session, message) -> {
                    reports.add(server[0].drain(LONG));
                    server[0].close();
                })
                .drainTimeout(LONG)
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server[0].port()));
        leaks.close(RawClient.to(server[0].port()));
        awaitSoon("both accepted", () -> server[0].stats().connections() == 2);
        client.send("drain");
        CompletableFuture<DrainReport> byHandler = reports.poll(10, TimeUnit.SECONDS);
        Deadline onTimer = new Deadline() {
            @Override
            protected void expired() {
                reports.add(server[0].drain(Duration.ofMillis(50)));
                server[0].close();
            }
        };
        GroupAccess.runtimeOf(server[0].group()).deadlines().arm(onTimer, 0);

        DrainReport report = await(reports.poll(10, TimeUnit.SECONDS));

        assertEquals(report, await(byHandler));
        assertFalse(report.inTime());
    }

    @Test
    void closeInAHandlerOnAnExecutorDoesNotWaitForItself() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool();
        leaks.close(executor::shutdownNow);
        TcpServer[] server = new TcpServer[1];
        CountDownLatch returned = new CountDownLatch(1);
        server[0] = leaks.watch(builder((session, message) -> {
                    session.send(message);
                    server[0].close();
                    returned.countDown();
                })
                .handlerExecutor(executor)
                .drainTimeout(LONG)
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server[0].port()));

        assertEquals("last words", client.ask("last words"));

        assertTrue(returned.await(10, TimeUnit.SECONDS));
        assertEquals(0, client.drain());
        client.close();
        assertTrue(await(server[0].drain(LONG)).inTime());
    }

    @Test
    void stuckHandlerOnAnIoThreadIsNamedAndHoldsNothingUp() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        TcpServer server =
                leaks.watch(builder((session, message) -> blockUntil(released)).bind(0));
        try {
            DrainReport report = drainWithStuckHandler(server);

            String line = report.stuckHandlers().get(0);
            assertTrue(line.contains("remote=/127.0.0.1:"), line);
            assertTrue(line.contains("thread=millrace-") && line.contains("-io-"), line);
            assertTrue(line.contains("CountDownLatch.await") && line.contains("ServerDrainIT.blockUntil("), line);
            assertTrue(report.toString().contains(line), report::toString);
        } finally {
            released.countDown();
        }
        assertEquals(CloseReason.Kind.SHUTDOWN, ends.poll(10, TimeUnit.SECONDS));
        awaitSoon("contexts back", () -> server.group().stats().contextsLeased() == 0);
    }

    @Test
    void stuckHandlerOnAnExecutorIsNamedToo() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "my-handlers"));
        leaks.close(executor::shutdownNow);
        CountDownLatch released = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        TcpServer server = leaks.watch(builder((session, message) -> blockUntil(released))
                .onClose((session, reason) -> closed.countDown())
                .handlerExecutor(executor)
                .bind(0));
        try {
            String line = drainWithStuckHandler(server).stuckHandlers().get(0);

            assertTrue(line.contains("thread=my-handlers"), line);
            assertTrue(line.contains("ServerDrainIT.blockUntil("), line);
            // The server's own group ends, with nobody left on its threads; the session is owed its end all the same.
            server.close();
        } finally {
            released.countDown();
        }
        assertTrue(closed.await(10, TimeUnit.SECONDS), "no onClose");
        awaitSoon("contexts back", () -> server.group().stats().contextsLeased() == 0);
    }

    private DrainReport drainWithStuckHandler(TcpServer server) throws Exception {
        RawClient client = leaks.close(RawClient.to(server.port()));
        client.send("block");
        assertTrue(entered.await(10, TimeUnit.SECONDS));
        long start = System.nanoTime();

        DrainReport report = await(server.drain(Duration.ofMillis(100)));

        // The deadline and 2 s, on a machine that is busy.
        assertWithin(Duration.ofSeconds(4), start);
        assertFalse(report.inTime());
        assertEquals(1, report.left());
        assertEquals(1, report.stuckHandlers().size(), report::toString);
        client.awaitEnd();
        return report;
    }

    @Test
    void listenerAndReportThatBlockHoldNothingUp() throws Exception {
        CountDownLatch released = new CountDownLatch(1);
        TcpServer server = leaks.watch(
                echo().onStateChange((changed, state) -> blockUntil(released)).bind(0));
        try {
            CompletableFuture<Void> blocked = server.drain(LONG).thenAccept(report -> blockUntil(released));
            server.awaitClosed();
            server.close();

            assertFalse(blocked.isDone());
            assertEquals(ServerState.STOPPED, server.state());
        } finally {
            released.countDown();
        }
    }

    @Test
    void closeNowCutsHundredsOfSessionsAtOnce() throws Exception {
        TcpServer server = leaks.watch(echo().drainTimeout(LONG).bind(0));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            clients.add(connected(server));
        }

        server.closeNow();

        DrainReport report = await(server.drain(LONG));
        assertEquals(300, report.cut());
        assertEquals(0, report.ended());
        assertEquals(0, report.left());
        assertEquals(300, ends.size());
        for (RawClient client : clients) {
            client.awaitEnd();
        }
    }

    @Test
    void closeNowOvertakesACloseThatWaits() throws Exception {
        TcpServer server = leaks.watch(echo().drainTimeout(LONG).bind(0));
        connected(server);
        Thread waiting = new Thread(server::close);
        waiting.start();
        awaitSoon("draining", () -> server.state() == ServerState.DRAINING);

        server.closeNow();

        waiting.join(10_000);
        assertFalse(waiting.isAlive());
    }

    @Test
    void deadlineThatIsNegativeIsNamed() {
        try (TcpServer server = echo().listenOn(0).build()) {
            String refusal = assertThrows(IllegalArgumentException.class, () -> server.drain(Duration.ofSeconds(-1)))
                    .getMessage();
            assertEquals("deadline is PT-1S; it must be from 0 (at once)", refusal);
        }
    }

    private void blockUntil(CountDownLatch released) {
        entered.countDown();
        try {
            released.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static DrainReport await(CompletableFuture<DrainReport> report) throws Exception {
        return report.get(10, TimeUnit.SECONDS);
    }

    private RawClient connected(TcpServer server) throws Exception {
        RawClient client = leaks.close(RawClient.to(server.port()));
        assertEquals("hello", client.ask("hello"));
        return client;
    }

    private TcpServerBuilder echo() {
        return builder((session, message) -> session.send(message));
    }

    private TcpServerBuilder builder(MessageHandler handler) {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage(handler)
                .onClose((session, reason) -> ends.add(reason.kind()));
    }
}

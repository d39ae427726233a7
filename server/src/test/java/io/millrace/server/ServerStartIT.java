package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.CapturedLog;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class ServerStartIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void serverThatIsOnlyBuiltHasNothingOpenAndNoThread() {
        long descriptors = LeakCheck.socketDescriptors();
        TcpServer server = leaks.close(echo().listenOn("127.0.0.1", 0).build());

        assertEquals(ServerState.NEW, server.state());
        assertEquals(List.of(), LeakCheck.millraceThreads());
        assertEquals(descriptors, LeakCheck.socketDescriptors());
        assertEquals(List.of(new InetSocketAddress("127.0.0.1", 0)), server.localAddresses());
        assertEquals(0, server.port());
        assertEquals(0, server.stats().connections());
        assertEquals(List.of(), List.copyOf(server.sessions()));
        String refusal =
                assertThrows(IllegalStateException.class, server::group).getMessage();
        assertTrue(refusal.contains("start()"), refusal);
    }

    @Test
    void serverThatWasNeverStartedCloses() throws Exception {
        try (TcpServer server = echo().listenOn(0).build()) {
            assertEquals(ServerState.NEW, server.state());
            server.close();
            assertEquals(ServerState.STOPPED, server.state());
            server.awaitClosed();
            DrainReport report = server.drain(Duration.ofDays(1)).get(10, TimeUnit.SECONDS);
            assertEquals(new DrainReport(0, 0, 0, Duration.ZERO, true, List.of()), report);
        }
    }

    @Test
    void startAfterTheStopSaysToMakeANewServer() throws Exception {
        TcpServer neverStarted = echo().listenOn(0).build();
        TcpServer stopped = leaks.watch(echo().bind(0));
        neverStarted.close();
        stopped.close();

        for (TcpServer server : List.of(neverStarted, stopped)) {
            String refusal =
                    assertThrows(IllegalStateException.class, server::start).getMessage();
            assertTrue(refusal.startsWith("the server is STOPPED and does not start again: make a new one"), refusal);
        }
    }

    @Test
    void startsOnceHoweverManyAsk() throws Exception {
        TcpServer server = leaks.close(echo().listenOn("127.0.0.1", 0).build());
        Set<IoGroup> groups = Collections.synchronizedSet(Collections.newSetFromMap(new java.util.IdentityHashMap<>()));
        runTogether(20, () -> groups.add(server.start().group()));

        assertEquals(1, groups.size());
        assertEquals(ServerState.RUNNING, server.state());
        assertSame(server, server.start());
        assertEquals("hello", leaks.close(RawClient.to(server.port())).ask("hello"));
    }

    @Test
    void takenAddressLeavesNothingOpenInASharedGroupEither() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress("127.0.0.1", 0));
            long descriptors = LeakCheck.socketDescriptors();
            TcpServerBuilder builder = echo().group(group).listenOn("127.0.0.1", 0);

            assertThrows(TransportException.class, () -> builder.bind("127.0.0.1", taken.getLocalPort()));

            assertEquals(descriptors, LeakCheck.socketDescriptors());
        }
    }

    @Test
    void takenAddressLeavesNothingOpenAndTheStartMayBeTriedAgain() throws Exception {
        long descriptors;
        TcpServer server;
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress("127.0.0.1", 0));
            descriptors = LeakCheck.socketDescriptors();
            server = leaks.close(echo().listenOn("127.0.0.1", 0)
                    .listenOn("127.0.0.1", taken.getLocalPort())
                    .build());

            String refusal =
                    assertThrows(TransportException.class, server::start).getMessage();

            assertTrue(refusal.startsWith("cannot bind to /127.0.0.1:" + taken.getLocalPort()), refusal);
            assertEquals(ServerState.NEW, server.state());
            awaitSoon("threads ended", () -> LeakCheck.millraceThreads().isEmpty());
            awaitSoon("descriptors back", () -> LeakCheck.socketDescriptors() == descriptors);
        }
        server.start();
        assertEquals(2, server.localAddresses().size());
    }

    @Test
    void allAddressesServeTheSameSessions() throws Exception {
        TcpServer server = leaks.watch(echo().listenOn("127.0.0.1", 0)
                .listenOn(new InetSocketAddress("127.0.0.1", 0))
                .bind("127.0.0.2", 0));
        List<InetSocketAddress> addresses = server.localAddresses();
        assertEquals(3, addresses.size());
        assertEquals(server.localAddress(), addresses.get(0));
        assertEquals(3, Set.copyOf(addresses).size());

        for (InetSocketAddress address : addresses) {
            assertEquals("hello", leaks.close(RawClient.to(address, 0)).ask("hello"));
        }

        assertEquals(3, server.stats().connections());
        server.closeNow();
        for (InetSocketAddress address : addresses) {
            assertThrows(ConnectException.class, () -> RawClient.to(address, 0));
        }
    }

    @Test
    void builderCanBeUsedAgain() throws Exception {
        TcpServerBuilder builder = echo().listenOn("127.0.0.1", 0);
        TcpServer one = leaks.watch(builder.bind("127.0.0.1", 0));
        TcpServer other = leaks.watch(builder.bind());

        assertEquals(2, one.localAddresses().size());
        assertEquals(1, other.localAddresses().size());
    }

    @Test
    void statesAreToldOnceEachAndInOrderThoughTheListenerThrows() throws Exception {
        BlockingQueue<ServerState> told = new LinkedBlockingQueue<>();
        TcpServerBuilder builder = echo().onStateChange((server, state) -> {
            told.add(state);
            throw new IllegalStateException("on purpose");
        });
        try (CapturedLog log = new CapturedLog()) {
            TcpServer server = leaks.watch(builder.bind(0));
            runTogether(5, server::close);

            assertEquals(ServerState.STOPPED, server.state());
            assertEquals(
                    List.of(ServerState.RUNNING, ServerState.DRAINING, ServerState.STOPPED), new ArrayList<>(told));
            assertEquals(3, log.lines().size(), () -> log.lines().toString());
            assertTrue(log.lines().get(0).startsWith("WARN listener threw; event=RUNNING"), log.lines()::toString);
        }
    }

    @Test
    void listenerMayCloseTheServer() throws Exception {
        CountDownLatch returned = new CountDownLatch(1);
        TcpServer server = leaks.watch(echo().onStateChange((started, state) -> {
                    if (state == ServerState.RUNNING) {
                        started.close();
                        returned.countDown();
                    }
                })
                .bind(0));

        assertTrue(returned.await(10, TimeUnit.SECONDS));
        server.awaitClosed();
        server.close();
        assertEquals(ServerState.STOPPED, server.state());
    }

    @Test
    void startAndCloseAtTheSameTimeLeaveNothing() throws Exception {
        for (int round = 0; round < 30; round++) {
            TcpServer server = leaks.close(echo().listenOn("127.0.0.1", 0).build());
            List<Throwable> refusals = new CopyOnWriteArrayList<>();
            Thread starter = new Thread(() -> {
                try {
                    server.start();
                } catch (TransportException | IllegalStateException e) {
                    refusals.add(e);
                }
            });
            starter.start();
            server.close();
            starter.join(10_000);

            assertFalse(starter.isAlive());
            assertEquals(ServerState.STOPPED, server.state());
            refusals.forEach(refusal -> assertEquals(IllegalStateException.class, refusal.getClass()));
            awaitSoon("threads ended", () -> LeakCheck.millraceThreads().isEmpty());
        }
    }

    @Test
    void nextServerBindsToTheSamePortAtOnce() throws Exception {
        restart(20);
    }

    @Test
    @Tag("heavy")
    void nextServerBindsToTheSamePortAtOnceAHundredTimes() throws Exception {
        restart(100);
    }

    private void restart(int times) throws Exception {
        int port = 0;
        for (int i = 0; i < times; i++) {
            try (TcpServer server = echo().bind("127.0.0.1", port)) {
                port = server.port();
                RawClient client = leaks.close(RawClient.to(port));
                assertEquals("round " + i, client.ask("round " + i));
                // The server closes first, so the TIME_WAIT is on its side.
                RawClient.closeWhenTheyEnd(List.of(client));
            }
        }
    }

    private interface Task {
        void run() throws Exception;
    }

    private static void runTogether(int count, Task task) throws InterruptedException {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Thread thread = new Thread(() -> {
                try {
                    task.run();
                } catch (Exception e) {
                    failures.add(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join(10_000);
            assertFalse(thread.isAlive());
        }
        assertEquals(List.of(), failures);
    }

    private static TcpServerBuilder echo() {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message));
    }
}

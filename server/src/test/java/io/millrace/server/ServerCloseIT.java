package io.millrace.server;

import static io.millrace.server.LeakCheck.assertWithin;
import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.protocol.Protocol;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class ServerCloseIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<CloseReason.Kind> ends = new LinkedBlockingQueue<>();

    @Test
    void closeWhenIdleIsQuickAndEndsEveryThread() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        long start = System.nanoTime();

        server.close();

        assertWithin(Duration.ofSeconds(1), start);
        awaitSoon("threads ended", () -> LeakCheck.millraceThreads().isEmpty());
        assertThrows(ConnectException.class, () -> RawClient.to(server.port()));
    }

    @Test
    void closeTellsSessionsAndPeers() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        assertEquals("hello", client.ask("hello"));
        RawClient.closeWhenTheyEnd(List.of(client));

        server.close();

        assertEquals(CloseReason.Kind.SHUTDOWN, ends.poll());
        assertEquals(0, server.stats().connections());
    }

    @Test
    void closeFromAHandlerReturnsAndClosesFromElsewhere() throws Exception {
        TcpServer[] server = new TcpServer[1];
        CountDownLatch returned = new CountDownLatch(1);
        server[0] = leaks.watch(builder((session, message) -> {
                    session.send(message);
                    server[0].close();
                    returned.countDown();
                })
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server[0].port()));

        assertEquals("last words", client.ask("last words"));

        assertTrue(returned.await(10, TimeUnit.SECONDS));
        client.awaitEnd();
        client.close();
        server[0].awaitClosed();
        awaitSoon("threads ended", () -> LeakCheck.millraceThreads().isEmpty());
        assertEquals(CloseReason.Kind.SHUTDOWN, ends.poll());
    }

    @Test
    void closingTwiceDoesNothingMore() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        server.close();
        long start = System.nanoTime();

        server.close();

        assertWithin(Duration.ofSeconds(1), start);
    }

    @Test
    void closeFromTwentyThreadsClosesOnceAndAllWaitForIt() throws Exception {
        // The client keeps its side open, so the close takes as long as the drain may.
        TcpServer server =
                leaks.watch(echo().drainTimeout(Duration.ofMillis(300)).bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        assertEquals("hello", client.ask("hello"));
        List<Thread> closers = new ArrayList<>();
        List<Integer> leftOver = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 20; i++) {
            Thread closer = new Thread(() -> {
                server.close();
                leftOver.add(server.stats().connections());
            });
            closers.add(closer);
            closer.start();
        }

        for (Thread closer : closers) {
            closer.join(10_000);
            assertFalse(closer.isAlive());
        }

        assertEquals(Collections.nCopies(20, 0), leftOver);
        assertEquals(CloseReason.Kind.SHUTDOWN, ends.poll());
        assertEquals(0, ends.size());
    }

    @Test
    void peerThatDoesNotReadIsCutAtTheDrainTimeout() throws Exception {
        TcpServer server = leaks.watch(builder((session, message) -> session.send(new byte[8 << 20]))
                .drainTimeout(Duration.ofMillis(300))
                .bind(0));
        RawClient client = leaks.close(RawClient.to(local(server), 4096));
        client.send("go");
        awaitSoon("reply queued", () -> server.sessions().stream().anyMatch(s -> s.queuedBytes() > 0));
        long start = System.nanoTime();

        server.close();

        assertTrue(System.nanoTime() - start >= Duration.ofMillis(300).toNanos(), "cut before the drain timeout");
        assertWithin(Duration.ofSeconds(2), start);
        assertEquals(CloseReason.Kind.SHUTDOWN, ends.poll());
    }

    @Test
    void closeDeliversWhatIsQueuedToASlowReader() throws Exception {
        byte[] reply = new byte[4 << 20];
        new Random(1).nextBytes(reply);
        TcpServer server = leaks.watch(builder((session, message) -> session.send(reply))
                .drainTimeout(Duration.ofSeconds(20))
                .bind(0));
        RawClient client = leaks.close(RawClient.to(local(server), 4096));
        client.send("go");
        awaitSoon("reply queued", () -> server.sessions().stream().anyMatch(s -> s.queuedBytes() > 0));
        Thread closing = new Thread(server::close);
        closing.start();

        assertArrayEquals(reply, client.receive());
        assertEquals(0, client.drain());
        client.close();
        closing.join(10_000);
        assertFalse(closing.isAlive());
    }

    @Test
    void replySentJustBeforeCloseArrivesWholeThoughInputIsUnread() throws Exception {
        for (int round = 0; round < 10; round++) {
            TcpServer[] server = new TcpServer[1];
            server[0] = leaks.watch(builder((session, message) -> {
                        session.send(new byte[1 << 20]);
                        // The session first, so that it closes before it has read on.
                        session.close();
                        server[0].close();
                    })
                    .bind(0));
            // The small buffer keeps most of the reply in the server's kernel, where a reset would destroy it.
            RawClient client = leaks.close(RawClient.to(local(server[0]), 4096));

            // Behind the request the start of a frame that never ends: read by nobody, or dropped.
            client.sendBytes(ByteBuffer.allocate(30_000)
                    .putInt(1)
                    .put((byte) 1)
                    .putInt(1 << 20)
                    .array());

            assertEquals(1 << 20, client.receive().length);
            assertEquals(0, client.drain());
            client.close();
        }
    }

    @Test
    void peerThatKeepsItsSideOpenIsLetGoAfterTheLingerTime() throws Exception {
        TcpServer server = leaks.watch(builder((session, message) -> {
                    session.send(message);
                    session.close();
                })
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        assertEquals("bye", client.ask("bye"));
        assertEquals(0, client.drain());
        long start = System.nanoTime();

        assertEquals(CloseReason.Kind.LOCAL, ends.poll(10, TimeUnit.SECONDS));

        assertTrue(System.nanoTime() - start >= Duration.ofMillis(1800).toNanos(), "let go too early");
        assertWithin(Duration.ofSeconds(3), start);
    }

    @Test
    void closeInAnInterruptedThreadEndsEverythingAndKeepsTheInterrupt() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        assertEquals("hello", client.ask("hello"));

        Thread.currentThread().interrupt();
        server.close();

        assertTrue(Thread.interrupted(), "the interrupt was lost");
        client.awaitEnd();
        assertEquals(CloseReason.Kind.SHUTDOWN, ends.poll(10, TimeUnit.SECONDS));
        awaitSoon("threads ended", () -> LeakCheck.millraceThreads().isEmpty());
    }

    @Test
    void handlerThatNeverReturnsDoesNotHoldUpCloseForEver() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        TcpServer server = leaks.watch(builder((session, message) -> {
                    entered.countDown();
                    released.await();
                })
                .drainTimeout(Duration.ofMillis(100))
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        client.send("block");
        assertTrue(entered.await(10, TimeUnit.SECONDS));
        long start = System.nanoTime();

        try {
            server.close();

            // The drain, 2 s for last callbacks, and the group's own 5 s.
            assertWithin(Duration.ofSeconds(10), start);
        } finally {
            released.countDown();
        }
        client.awaitEnd();
        assertEquals(CloseReason.Kind.SHUTDOWN, ends.poll(10, TimeUnit.SECONDS));
        awaitSoon("contexts back", () -> server.group().stats().contextsLeased() == 0);
    }

    private static InetSocketAddress local(TcpServer server) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
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

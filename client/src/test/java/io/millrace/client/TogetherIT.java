package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Our client and our server together. */
@Tag("engine")
class TogetherIT {
    private static final Duration PATIENT = Duration.ofSeconds(50);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void fiftyConnectionsEchoMessagesOfAllSizesUnchanged() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());
        List<CompletableFuture<byte[]>> digests = new ArrayList<>();
        List<byte[]> expected = new ArrayList<>();

        for (int i = 0; i < 50; i++) {
            Random random = new Random(i);
            MessageDigest sent = MessageDigest.getInstance("SHA-256");
            MessageDigest received = MessageDigest.getInstance("SHA-256");
            CompletableFuture<Session> connecting = client.connect();
            CompletableFuture<Session> chain = connecting;
            for (int n = 0; n < 10; n++) {
                byte[] message = new byte[1 + random.nextInt(256 << 10)];
                random.nextBytes(message);
                sent.update(message);
                chain = chain.thenCompose(session -> session.request(ByteBuffer.wrap(message), PATIENT)
                        .thenApply(reply -> {
                            received.update(reply);
                            return session;
                        }));
            }
            expected.add(sent.digest());
            digests.add(chain.thenApply(session -> received.digest()));
        }

        for (int i = 0; i < 50; i++) {
            assertArrayEquals(expected.get(i), digests.get(i).get(50, TimeUnit.SECONDS), "connection " + i);
        }
        assertEquals(50, server.stats().connections());
    }

    @Test
    void deepPipelineOfLargeMessagesDoesNotStallAtSmallMarks() throws Exception {
        deepPipeline(64, 1);
    }

    @Test
    @Tag("heavy")
    void deepPipelineOfLargeMessagesDoesNotStallForLong() throws Exception {
        deepPipeline(64, 20);
    }

    private void deepPipeline(int depth, int rounds) throws Exception {
        SessionConfig smallMarks = SessionConfig.builder()
                .sendMarks(32 << 10, 64 << 10)
                .sendLimit(64 << 20)
                .build();
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .sessions(smallMarks)
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", 0));
        TcpClient client =
                leaks.watch(Clients.to(server.port()).sessions(smallMarks).build());
        assertEquals("connected", ask(client, "connected"));
        byte[] message = new byte[256 << 10];
        for (int round = 0; round < rounds; round++) {
            List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
            for (int i = 0; i < depth; i++) {
                ByteBuffer.wrap(message).putInt(0, i);
                replies.add(client.request(message, PATIENT));
            }
            for (int i = 0; i < depth; i++) {
                ByteBuffer reply = replies.get(i).get(50, TimeUnit.SECONDS);
                assertEquals(message.length, reply.remaining());
                assertEquals(i, reply.getInt(0));
            }
        }
    }

    @Test
    void goodClientNeverFailsWhileOthersDie() throws Exception {
        whileOthersDie(64);
    }

    @Test
    @Tag("heavy")
    void goodClientNeverFailsWhileManyOthersDie() throws Exception {
        whileOthersDie(64 * 20);
    }

    private void whileOthersDie(int others) throws Exception {
        long seed = 20260101;
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient good = leaks.watch(Clients.to(server.port()).build());
        assertEquals("good", ask(good, "good"));
        AtomicInteger left = new AtomicInteger(others);
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            Random random = new Random(seed + t);
            Thread thread = new Thread(() -> {
                try {
                    while (left.getAndDecrement() > 0) {
                        liveAndDie(server.port(), random);
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            threads.add(thread);
            thread.start();
        }

        int calls = 0;
        while (left.get() > 0 || calls < 100) {
            assertEquals("call " + calls, ask(good, "call " + calls));
            calls++;
        }

        for (Thread thread : threads) {
            thread.join(20_000);
            assertFalse(thread.isAlive());
        }
        assertEquals(List.of(), List.copyOf(failures));
        awaitSoon("only the good one left", () -> server.stats().connections() == 1);
    }

    /** Sends some frames, whole or cut or malformed, and ends with FIN or RST, having read or not. */
    private static void liveAndDie(int port, Random random) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            int frames = random.nextInt(20);
            for (int i = 0; i < frames; i++) {
                int length = random.nextInt(64 << 10);
                int cutAt = random.nextInt(10) == 0 ? random.nextInt(Integer.BYTES + length) : Integer.BYTES + length;
                int declared = random.nextInt(20) == 0 ? -length - 1 : length;
                byte[] frame = ByteBuffer.allocate(Integer.BYTES + length)
                        .putInt(declared)
                        .array();
                socket.getOutputStream().write(frame, 0, cutAt);
                if (random.nextBoolean()) {
                    socket.getInputStream().skip(socket.getInputStream().available());
                }
            }
            if (random.nextBoolean()) {
                socket.setSoLinger(true, 0);
            }
        } catch (SocketException broken) {
            // The server has answered a malformed frame by closing.
        }
    }

    @Test
    void sessionsCanBeCollectedOnceTheyHaveEnded() throws Exception {
        ConcurrentLinkedQueue<WeakReference<Session>> ended = new ConcurrentLinkedQueue<>();
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onOpen(session -> ended.add(new WeakReference<>(session)))
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", 0));
        TcpClient client = leaks.watch(Clients.to(server.port())
                .onOpen(session -> ended.add(new WeakReference<>(session)))
                .build());
        for (int i = 0; i < 10; i++) {
            openUseAndClose(client);
        }
        awaitSoon("all ended", () -> server.stats().connections() == 0 && client.sessionCount() == 0);
        assertEquals(20, ended.size());

        awaitSoon("collected", () -> {
            System.gc();
            return ended.stream().allMatch(reference -> reference.get() == null);
        });
    }

    private static void openUseAndClose(TcpClient client) throws Exception {
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        byte[] large = new byte[300_000];
        assertEquals(
                large.length,
                session.request(ByteBuffer.wrap(large), LONG)
                        .get(10, TimeUnit.SECONDS)
                        .remaining());
        assertTrue(session.isOpen());
        session.close();
    }

    @Test
    void serverAndClientOfOneGroupWithOneThreadWorkTogether() throws Exception {
        IoGroup group = leaks.watch(IoGroup.builder().threads(1).start());
        TcpServer server = leaks.watch(TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", 0));
        TcpClient client = leaks.watch(Clients.to(server.port()).group(group).build());
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();

        assertEquals("connected", ask(client, "connected"));
        for (int i = 0; i < 1_000; i++) {
            replies.add(client.request(Clients.bytes("request " + i), LONG));
        }

        for (int i = 0; i < 1_000; i++) {
            assertEquals("request " + i, text(replies.get(i)));
        }
    }
}

package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.pool.PoolConfig;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages that ask for nothing, over the connections of the pool. */
class SendIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    /** What arrived, by the session that it arrived on. */
    private final Map<Long, List<String>> arrived = new ConcurrentHashMap<>();

    private TcpServer listener() throws Exception {
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .onMessage(
                        (session, message) -> arrived.computeIfAbsent(session.id(), id -> new CopyOnWriteArrayList<>())
                                .add(StandardCharsets.UTF_8.decode(message).toString()))
                .onRequest((session, request, reply) -> reply.send(request))
                .bind("127.0.0.1", 0));
    }

    private TcpClientBuilder to(int port) {
        return TcpClient.builder().protocol(Protocol.millrace()).endpoint("127.0.0.1", port);
    }

    @Test
    void messagesOfOneKeyKeepTheirOrderFromTheFirstOneOn() throws Exception {
        TcpServer server = listener();
        TcpClient client = leaks.watch(to(server.port())
                .pool(PoolConfig.builder().maxConnections(4).minIdle(4).build())
                .build());
        List<Thread> senders = new ArrayList<>();
        List<CompletableFuture<Void>> written = new CopyOnWriteArrayList<>();

        for (int t = 0; t < 4; t++) {
            int parity = t % 2;
            String key = "key " + t / 2;
            senders.add(new Thread(() -> {
                for (int i = 0; i < 500; i++) {
                    synchronized (key.intern()) {
                        written.add(client.send(key, ByteBuffer.wrap(bytes(key + " " + parity + " " + i))));
                    }
                }
            }));
        }
        senders.forEach(Thread::start);
        for (Thread sender : senders) {
            sender.join(20_000);
        }
        CompletableFuture.allOf(written.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);

        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> count() == 2_000);
        for (String key : List.of("key 0 0", "key 0 1", "key 1 0", "key 1 1")) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                expected.add(key + " " + i);
            }
            List<List<String>> perSession = arrived.values().stream()
                    .map(all ->
                            all.stream().filter(text -> text.startsWith(key)).toList())
                    .filter(some -> !some.isEmpty())
                    .toList();
            assertEquals(List.of(expected), perSession);
        }
    }

    private int count() {
        return arrived.values().stream().mapToInt(List::size).sum();
    }

    @Test
    void laneWhoseConnectionEndedPinsAnotherOne() throws Exception {
        TcpServer server = listener();
        TcpClient client = leaks.watch(to(server.port()).build());
        client.send(ByteBuffer.wrap(bytes("before"))).get(20, TimeUnit.SECONDS);
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> count() == 1);

        server.sessions().forEach(session -> session.close());
        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> client.sessionCount() == 0);
        client.send(ByteBuffer.wrap(bytes("after"))).get(20, TimeUnit.SECONDS);

        Awaitility.await().atMost(20, TimeUnit.SECONDS).until(() -> count() == 2);
        assertEquals(2, arrived.size());
    }

    @Test
    void messageThatCannotBeConnectedFailsAndWasCertainlyNotSent() throws Exception {
        int dead;
        try (ServerSocket closed = new ServerSocket(0)) {
            dead = closed.getLocalPort();
        }
        TcpClient client = leaks.watch(to(dead).build());

        Throwable failure = failureOf(client.send(ByteBuffer.wrap(bytes("nobody is there"))));

        assertFalse(assertInstanceOf(ConnectFailedException.class, failure).maybeSent());
    }

    @Test
    void messageThatWouldBeTakenForARequestIsRefused() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());

        String refusal = assertThrows(
                        IllegalStateException.class, () -> client.send(ByteBuffer.wrap(bytes("what for?"))))
                .getMessage();

        assertTrue(refusal.contains("use request()"), refusal);
        assertEquals("still there", Clients.text(client.call(bytes("still there"), LONG)));
    }
}

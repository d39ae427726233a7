package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.pool.PoolConfig;
import io.millrace.core.AttributeKey;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is done on a new connection before it is used: a login, subscriptions. */
class PreparationIT {
    private static final AttributeKey<String> USER = AttributeKey.of("user", String.class);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final AtomicInteger logins = new AtomicInteger();

    /** A server that answers nobody who has not said who they are. */
    private TcpServer strictServer(int port) throws Exception {
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> {
                    String text = StandardCharsets.UTF_8.decode(request).toString();
                    String user = session.attribute(USER);
                    if (text.startsWith("login ")) {
                        logins.incrementAndGet();
                        session.attribute(USER, text.substring(6));
                        reply.send(bytes("welcome"));
                    } else if (user == null) {
                        reply.fail(1001, "who are you?");
                    } else {
                        reply.send(bytes(user + " asks " + text));
                    }
                })
                .bind("127.0.0.1", port));
    }

    private static TcpClientBuilder to(int port) {
        return TcpClient.builder().protocol(Protocol.millrace()).endpoint("127.0.0.1", port);
    }

    @Test
    void everyConnectionLogsInBeforeItIsUsedAlsoAfterAReconnect() throws Exception {
        TcpServer server = strictServer(0);
        TcpClient client = leaks.watch(to(server.port())
                .pool(PoolConfig.builder().minIdle(1).build())
                .prepare(session -> session.request(ByteBuffer.wrap(bytes("login ada")), LONG))
                .build());
        assertEquals("ada asks what", Clients.ask(client, "what"));

        server.close();
        TcpServer restarted = strictServer(server.port());
        Awaitility.await()
                .atMost(20, TimeUnit.SECONDS)
                .until(() -> restarted.stats().connections() == 1 && logins.get() == 2);

        assertEquals("ada asks again", Clients.ask(client, "again"));
        assertEquals(2, logins.get());
    }

    @Test
    void connectionThatCannotBePreparedIsAFailedAttempt() throws Exception {
        TcpServer server = strictServer(0);
        TcpClient client = leaks.watch(to(server.port())
                .prepare(session -> CompletableFuture.failedFuture(new IllegalStateException("no password")))
                .build());

        Throwable failure = failureOf(client.request(bytes("what"), LONG));

        assertTrue(failure.getMessage().contains("could not be prepared: no password"), failure.getMessage());
        Awaitility.await()
                .atMost(20, TimeUnit.SECONDS)
                .until(() -> server.stats().connections() == 0);
        assertEquals(1, client.endpoints().get(0).failed());
    }

    @Test
    void preparationThatNeverEndsIsCutOffWhenTheConnectTimeoutIsOver() throws Exception {
        TcpServer server = strictServer(0);
        TcpClient client = leaks.watch(to(server.port())
                .connectTimeout(Duration.ofMillis(100))
                .backoff(Backoff.defaults().delays(Duration.ofSeconds(30), Duration.ofSeconds(30)))
                .prepare(session -> new CompletableFuture<>())
                .build());

        Throwable failure = failureOf(client.request(bytes("what"), LONG));

        assertTrue(failure.getMessage().contains("was not prepared within 100 ms"), failure.getMessage());
        Awaitility.await()
                .atMost(20, TimeUnit.SECONDS)
                .until(() -> server.stats().connections() == 0);
    }
}

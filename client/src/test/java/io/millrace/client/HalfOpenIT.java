package io.millrace.client;

import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.CloseReason;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.ChildJvm;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** C12: the peer is gone and nothing says so, because the link between two networks is down. */
@Tag("net")
class HalfOpenIT {
    private static final String SERVER_ADDRESS = "10.231.0.2";
    private static final String CLIENT_ADDRESS = "10.231.0.1";
    private static final int PORT = 9_000;
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(1);
    private static final Duration GRACE = Duration.ofMillis(500);
    private static final int REQUESTS = 10;

    @BeforeEach
    void assumePossible() {
        Namespaces.assumePossible();
    }

    @Test
    void peerBehindALinkThatIsDownIsFoundDeadByItsHeartbeatsAndRequestsInFlightFailThen() throws Exception {
        try (ChildJvm server = ChildJvm.of(Silent.class)
                        .startedBy(Namespaces.launcher())
                        .start();
                ChildJvm client = ChildJvm.of(Asking.class)
                        .startedBy(Namespaces.launcher())
                        .start()) {
            server.awaitOutput("listening", LONGEST);
            client.awaitOutput("ready", LONGEST);
            connect(client.handle(), server.handle());
            client.println("go");
            client.awaitOutput("alive", LONGEST);

            Namespaces.run(server.handle(), "ip", "link", "set", "m1", "down");
            client.println("down");

            assertEquals(0, client.awaitExit(LONGEST), client.output());
        }
    }

    private static void connect(ProcessHandle client, ProcessHandle server) throws Exception {
        String there = Long.toString(server.pid());
        Namespaces.run(client, "ip", "link", "add", "m0", "type", "veth", "peer", "name", "m1", "netns", there);
        Namespaces.run(client, "ip", "address", "add", CLIENT_ADDRESS + "/30", "dev", "m0");
        Namespaces.run(server, "ip", "address", "add", SERVER_ADDRESS + "/30", "dev", "m1");
        Namespaces.run(client, "ip", "link", "set", "m0", "up");
        Namespaces.run(server, "ip", "link", "set", "m1", "up");
    }

    /** A server that answers heartbeats and no request. */
    static final class Silent {
        private Silent() {}

        public static void main(String[] arguments) throws Exception {
            try (TcpServer server = TcpServer.builder()
                    .protocol(Protocol.millrace())
                    .onRequest((session, request, reply) -> {})
                    .bind(PORT)) {
                System.out.println("listening");
                server.awaitClosed();
            }
        }
    }

    /** A client with requests in flight. */
    static final class Asking {
        private Asking() {}

        public static void main(String[] arguments) throws Exception {
            System.out.println("ready");
            expectLine("go");
            try (TcpClient client = TcpClient.builder()
                    .protocol(Protocol.millrace())
                    .endpoint(SERVER_ADDRESS, PORT)
                    .sessions(SessionConfig.builder()
                            .heartbeat(HeartbeatConfig.every(INTERVAL).timeout(TIMEOUT))
                            .build())
                    .build()) {
                Session session = client.connect().get(10, TimeUnit.SECONDS);
                List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
                for (int i = 0; i < REQUESTS; i++) {
                    replies.add(session.request(ByteBuffer.allocate(100), LONGEST));
                }
                expectAlive(session, replies.get(0));
                System.out.println("alive");
                expectLine("down");
                expectDead(replies);
            }
        }

        /** Longer than a heartbeat and its timeout: the pongs keep it alive. */
        private static void expectAlive(Session session, CompletableFuture<ByteBuffer> reply) throws Exception {
            try {
                throw new AssertionError(
                        "answered: " + reply.get(INTERVAL.plus(TIMEOUT).toMillis() * 2, TimeUnit.MILLISECONDS));
            } catch (TimeoutException stillWaiting) {
                check(session.isOpen(), "the session has ended though the peer answers heartbeats");
            }
        }

        private static void expectDead(List<CompletableFuture<ByteBuffer>> replies) throws Exception {
            long downNanos = System.nanoTime();
            for (CompletableFuture<ByteBuffer> reply : replies) {
                SessionClosedException closed = (SessionClosedException) failureOf(reply);
                System.out.println(closed.getMessage());
                check(closed.reason().kind() == CloseReason.Kind.TIMEOUT, "not a timeout");
                check(closed.maybeWritten(), "the requests had been written");
            }
            Duration taken = Duration.ofNanos(System.nanoTime() - downNanos);
            System.out.println("found dead after " + taken.toMillis() + " ms");
            check(taken.compareTo(INTERVAL.plus(TIMEOUT).plus(GRACE)) <= 0, "too late");
        }

        private static void expectLine(String expected) throws Exception {
            StringBuilder line = new StringBuilder();
            for (int one = System.in.read(); one >= 0 && one != '\n'; one = System.in.read()) {
                line.append((char) one);
            }
            check(line.toString().equals(expected), "told '" + line + "', expected '" + expected + "'");
        }

        private static void check(boolean holds, String otherwise) {
            if (!holds) {
                throw new AssertionError(otherwise);
            }
        }
    }
}

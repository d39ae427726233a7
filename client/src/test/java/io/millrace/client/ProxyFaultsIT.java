package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.request.RetryConfig;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.FaultProxy;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import io.millrace.testing.Toxics;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** F01, F11, W07, O1, O6: a client and a server with a network between them that does its worst. */
@Tag("engine")
@NetworkTest
class ProxyFaultsIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private TcpServer server;
    private FaultProxy proxy;
    private TcpClient client;

    @BeforeEach
    void connectThroughTheProxy(Seed seed) throws Exception {
        server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> reply.send(request))
                .bind("127.0.0.1", 0));
        proxy = leaks.close(
                FaultProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), seed.value()));
        client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.millrace())
                .endpoint("127.0.0.1", proxy.address().getPort())
                .retry(RetryConfig.none())
                .build());
    }

    @Test
    void everyReplyIsItsOwnThroughSlicesAndJitterBothWays(Seed seed) throws Exception {
        proxy.toUpstream(Toxics.none().slices(1, 40).jitter(Duration.ofMillis(2)));
        proxy.toClient(Toxics.none().slices(1, 40).latency(Duration.ofMillis(1)).jitter(Duration.ofMillis(2)));
        Random chance = seed.random("payloads");
        List<byte[]> asked = new ArrayList<>();
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            byte[] payload = new byte[chance.nextInt(500)];
            chance.nextBytes(payload);
            asked.add(payload);
            replies.add(client.request(payload, LONG));
        }
        for (int i = 0; i < asked.size(); i++) {
            ByteBuffer reply = replies.get(i).get(20, TimeUnit.SECONDS);
            byte[] received = new byte[reply.remaining()];
            reply.get(received);
            assertArrayEquals(asked.get(i), received, proxy.toString());
        }
    }

    @Test
    void resetInsideAReplyFailsTheRequestsInFlightOnceAndTheNextOneWorks() throws Exception {
        proxy.toClient(Toxics.none().resetAfter(1_000));
        List<CompletableFuture<ByteBuffer>> requests = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            requests.add(client.request(new byte[300], LONG));
        }
        int answered = 0;
        for (CompletableFuture<ByteBuffer> request : requests) {
            Throwable failure = request.handle((reply, why) -> why).get(20, TimeUnit.SECONDS);
            if (failure == null) {
                answered++;
            } else {
                SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failure);
                assertTrue(closed.maybeWritten(), proxy.toString());
            }
        }
        assertTrue(answered <= 3, answered + " replies in 1000 bytes");
        proxy.toClient(Toxics.none());
        awaitSoon("the session has ended", () -> client.sessionCount() == 0);
        assertEquals("again", ask(client, "again"));
        awaitSoon("one session each", () -> server.stats().connections() == 1);
    }

    @Test
    void endInsideAReplyIsAProtocolError() throws Exception {
        proxy.toClient(Toxics.none().limit(100));
        SessionClosedException closed =
                assertInstanceOf(SessionClosedException.class, failureOf(client.request(new byte[300], LONG)));
        assertEquals(Kind.PROTOCOL, closed.reason().kind(), closed.reason().toString());
    }

    @Test
    void blackHoleTimesRequestsOutAndTheirLateRepliesHarmNobody() throws Exception {
        assertEquals("before", ask(client, "before"));
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        proxy.toUpstream(Toxics.none().blackHole());
        assertInstanceOf(
                RequestTimeoutException.class,
                failureOf(session.request(ByteBuffer.wrap(new byte[10]), Duration.ofMillis(50))));
        proxy.toUpstream(Toxics.none());
        // what was swallowed was a whole number of frames, so the stream goes on as if they had never been sent
        assertEquals(
                5,
                session.request(ByteBuffer.wrap(new byte[5]), LONG)
                        .get(10, TimeUnit.SECONDS)
                        .remaining());
    }

    @Test
    void slowNetworkOnlyMakesLargeRepliesSlow() throws Exception {
        proxy.toClient(Toxics.none().bandwidth(4 << 20).slowClose(Duration.ofMillis(50)));
        byte[] large = new byte[1 << 20];
        assertArrayEquals(large, client.call(large, LONG));
    }

    @Test
    void resetOfEveryConnectionLeavesNothingOnEitherSide() throws Exception {
        List<Session> sessions = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            sessions.add(client.connect().get(10, TimeUnit.SECONDS));
        }
        awaitSoon("all through", () -> proxy.connections() >= 30);
        proxy.resetAll();
        awaitSoon("all ended", () -> server.stats().connections() == 0 && client.sessionCount() == 0);
        awaitSoon("all gone", () -> proxy.connections() == 0);
    }
}

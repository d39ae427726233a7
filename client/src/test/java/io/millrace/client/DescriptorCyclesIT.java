package io.millrace.client;

import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.CapturedLog;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** R04: descriptors, buffers and contexts after many connections of every fate. */
class DescriptorCyclesIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    /** A port on which nobody listens. */
    private static int deadPort() throws Exception {
        try (ServerSocket briefly = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return briefly.getLocalPort();
        }
    }

    @Test
    void everythingIsBackAfterHundredsOfConnectionsOfEveryFate() throws Exception {
        cycle(100);
    }

    @Test
    @Tag("heavy")
    void everythingIsBackAfterTenThousandConnectionsOfEveryFate() throws Exception {
        cycle(2_000);
    }

    /** Each round: used and closed, aborted, refused, given up while connecting, accepted and turned away. */
    private void cycle(int rounds) throws Exception {
        try (CapturedLog log = new CapturedLog()) {
            IoGroup group = leaks.watch(IoGroup.builder().threads(2).start());
            TcpServer server = leaks.watch(Clients.echo());
            TcpServer full = leaks.watch(TcpServer.builder()
                    .group(leaks.watch(
                            IoGroup.builder().threads(1).maxSessions(1).start()))
                    .protocol(Protocol.lengthPrefixed())
                    .onMessage((session, message) -> session.send(message))
                    .bind("127.0.0.1", 0));
            TcpClient holder = leaks.watch(Clients.to(full.port()).build());
            assertEquals("the only one", ask(holder, "the only one"));
            TcpClient client =
                    leaks.watch(Clients.to(server.port()).group(group).build());
            TcpClient refused = leaks.watch(Clients.to(deadPort()).group(group).build());
            TcpClient turnedAway =
                    leaks.watch(Clients.to(full.port()).group(group).build());
            long descriptors = LeakCheck.socketDescriptors();

            for (int i = 0; i < rounds; i++) {
                Session used = client.connect().get(10, TimeUnit.SECONDS);
                used.send(new byte[10]);
                used.close();
                client.connect().get(10, TimeUnit.SECONDS).abort();
                assertInstanceOf(TransportException.class, failureOf(refused.connect()));
                giveUpWhileConnecting(server.port(), group);
                Session briefly = turnedAway.connect().get(10, TimeUnit.SECONDS);
                awaitSoon("turned away", () -> !briefly.isOpen());
            }

            awaitSoon(
                    "sessions ended",
                    () -> client.sessionCount() == 0 && server.stats().connections() == 0);
            awaitSoon("descriptors closed", () -> LeakCheck.socketDescriptors() <= descriptors);
            awaitSoon("contexts given back", () -> group.stats().contextsLeased() == 0);
            assertEquals(0, group.stats().buffersLeased());
            assertEquals(1, full.stats().connections());
            log.clear();
        }
    }

    private static void giveUpWhileConnecting(int port, IoGroup group) throws Exception {
        TcpClient impatient = Clients.to(port).group(group).build();
        CompletableFuture<Session> connecting = impatient.connect();
        impatient.close();
        // either outcome is right; none would be wrong
        connecting.handle((session, failure) -> true).get(10, TimeUnit.SECONDS);
    }
}

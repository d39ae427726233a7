package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.TcpClient;
import io.millrace.client.pool.WhileDown;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The request server in JVMs of its own, one after the other on the same port, under clients that never stop asking. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
class RequestServerIT {
    private static final Duration WAIT = Duration.ofSeconds(30);
    private static final int DEPTH = 4;

    private final RequestLoad load = new RequestLoad(64, RequestOptions.within(WAIT));
    private final List<TcpClient> clients = new ArrayList<>();

    @Test
    @Timeout(120)
    @Tag("heavy") // keeps both processors busy for half a minute; DrainUnderLoadIT is its little sister
    void threeRestartsUnderLoadFailNoRequest() throws Exception {
        restartUnderLoad(3, 50);
    }

    @Test
    @Timeout(3000)
    @Tag("heavy")
    void hundredRestartsUnderLoadFailNoRequest() throws Exception {
        restartUnderLoad(100, 200);
    }

    private void restartUnderLoad(int restarts, int connections) throws Exception {
        List<CompletableFuture<Void>> asking = new ArrayList<>();
        ChildJvm server = start(0);
        try (IoGroup group = IoGroup.builder().name("asking").start()) {
            int port = portOf(server);
            for (int i = 0; i < connections; i++) {
                TcpClient client = TcpClient.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .endpoint("127.0.0.1", port)
                        .whileDown(WhileDown.WAIT)
                        .jmx(false)
                        .build();
                clients.add(client);
                asking.add(load.keepAsking(client, DEPTH));
            }
            for (int i = 0; i < restarts; i++) {
                awaitFullSpeed();
                terminate(server);
                server = start(port);
                assertEquals(port, portOf(server));
            }
            awaitFullSpeed();
            load.finish();
            CompletableFuture.allOf(asking.toArray(CompletableFuture[]::new)).get(WAIT.toSeconds(), TimeUnit.SECONDS);
        } finally {
            server.close();
        }
        System.out.printf(
                "%d restarts under %d clients: %,d answered, %,d asked again, failed %s%n",
                restarts, connections, load.answered(), load.retried(), load.failures());
        assertEquals(Map.of(), load.failures());
        for (TcpClient client : clients) {
            assertTrue(client.stats().opened() > restarts, "the restarts were noticed: " + client.stats());
        }
    }

    private static ChildJvm start(int port) throws Exception {
        return ChildJvm.start(RequestServer.class, List.of(), "--port", String.valueOf(port));
    }

    private static int portOf(ChildJvm server) throws Exception {
        server.awaitOutput("listening on 127.0.0.1:", WAIT);
        Matcher line = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)\n").matcher(server.output());
        assertTrue(line.find(), server.output());
        return Integer.parseInt(line.group(1));
    }

    private static void terminate(ChildJvm server) throws Exception {
        server.terminate();
        assertEquals(0, server.awaitExit(WAIT), server.output());
        assertTrue(server.output().contains("server stopped after"), server.output());
        assertTrue(server.output().contains("cut off at the deadline: 0"), server.output());
        assertTrue(server.output().contains(" answered, 0 found it busy, 0 failed, 0 dropped"), server.output());
    }

    /** Waits until the server, which may have come just now, has answered every client. */
    private void awaitFullSpeed() throws Exception {
        CompletableFuture.allOf(clients.stream()
                        .map(client -> client.request(new byte[] {1}, WAIT))
                        .toArray(CompletableFuture[]::new))
                .get(WAIT.toSeconds(), TimeUnit.SECONDS);
    }
}

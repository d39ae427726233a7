package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.CapturedLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class ServerHealthIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void serverIsReadyWhileItRunsOnly() throws Exception {
        TcpServer server = leaks.close(
                echo().listenOn(0).drainTimeout(Duration.ofMinutes(1)).build());
        assertEquals(
                new ServerHealth(ServerState.NEW, false, true, List.of("it has not been started")), server.health());

        server.start();
        assertEquals(new ServerHealth(ServerState.RUNNING, true, true, List.of()), server.health());
        assertEquals("ready, alive", server.health().toString());

        RawClient client = leaks.close(RawClient.to(server.port()));
        assertEquals("in", client.ask("in"));
        server.drain(Duration.ofMinutes(1));
        assertEquals(
                "not ready, alive: it is draining, and takes no new connections",
                server.health().toString());

        server.closeNow();
        assertEquals("not ready, not alive: it has stopped", server.health().toString());
    }

    @Test
    void serverAtItsLimitIsNotReadyUntilSomebodyLeaves() throws Exception {
        TcpServer server = leaks.watch(echo().maxConnections(1).bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        assertEquals("in", client.ask("in"));

        assertEquals(
                "not ready, alive: it is at its limit of 1 connections",
                server.health().toString());

        client.close();
        awaitSoon("ready", () -> server.health().ready());
    }

    @Test
    void serverWhoseThreadsAreAllHeldIsNotAlive() throws Exception {
        IoGroup group = leaks.watch(IoGroup.builder()
                .threads(2)
                .blockedThreadTimeout(Duration.ofMillis(50))
                .start());
        CountDownLatch released = new CountDownLatch(1);
        TcpServer server = leaks.watch(TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> released.await())
                .bind(0));
        try (CapturedLog log = new CapturedLog()) {
            leaks.close(RawClient.to(server.port())).send("block");
            awaitSoon("one is held", () -> !server.health().problems().isEmpty());
            assertEquals(
                    "ready, alive: callbacks hold 1 of 2 I/O threads",
                    server.health().toString());

            leaks.close(RawClient.to(server.port())).send("block");
            awaitSoon("both are held", () -> !server.health().alive());
            assertEquals(
                    "not ready, not alive: callbacks hold 2 of 2 I/O threads",
                    server.health().toString());

            released.countDown();
            awaitSoon("alive again", () -> server.health().problems().isEmpty());
            assertTrue(server.health().ready());
        } finally {
            released.countDown();
        }
    }

    private static TcpServerBuilder echo() {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message));
    }
}

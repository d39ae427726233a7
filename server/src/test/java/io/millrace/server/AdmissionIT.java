package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.AdmissionPolicy;
import io.millrace.server.admission.RefusalReason;
import io.millrace.testing.CapturedLog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class AdmissionIT {
    private static final byte[] NEGATIVE_LENGTH = {-1, -1, -1, -1};

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    /** How a served client leaves. */
    private enum Departure {
        FIN,
        RST,
        HANDLER_THROWS,
        MALFORMED_FRAME
    }

    @Test
    void clientsBeyondTheLimitWaitAndAreServedOneForEachThatLeaves() throws Exception {
        int limit = 100;
        TcpServer server = leaks.watch(echo().maxConnections(limit).bind(0));
        Deque<RawClient> served = new ArrayDeque<>();
        Deque<RawClient> waiting = new ArrayDeque<>();
        for (int i = 0; i < limit + 50; i++) {
            RawClient client = leaks.close(RawClient.to(server.port()));
            client.send("client " + i);
            (i < limit ? served : waiting).add(client);
        }
        for (RawClient client : served) {
            client.receive();
        }
        TcpServerStats full = server.stats();
        assertEquals(limit, full.connections());
        assertEquals(limit, full.peakConnections());
        assertEquals(limit, full.accepted());
        assertEquals(0, full.refusedInAll());
        assertEquals(0, full.acceptFailures());
        assertEquals(0, full.acceptsInFlight());
        assertTrue(waiting.getFirst().staysSilent(50), "a client beyond the limit was served");

        while (!waiting.isEmpty()) {
            served.remove().close();
            RawClient next = waiting.remove();
            next.receive();
            served.add(next);
        }

        assertEquals(limit, server.stats().peakConnections());
        assertEquals("last", served.getLast().ask("last"));
    }

    @Test
    void waitingClientsBlockNoThread() throws Exception {
        TcpServer server = leaks.watch(echo().maxConnections(1).bind(0));
        RawClient served = leaks.close(RawClient.to(server.port()));
        assertEquals("in", served.ask("in"));
        int threads = LeakCheck.millraceThreads().size();
        for (int i = 0; i < 20; i++) {
            leaks.close(RawClient.to(server.port()));
        }

        for (int i = 0; i < 100; i++) {
            assertEquals("still in", served.ask("still in"));
        }

        assertEquals(threads, LeakCheck.millraceThreads().size());
        assertEquals(1, server.stats().accepted());
    }

    @Test
    void noPermitIsLostHoweverSessionsEnd() throws Exception {
        int limit = 3;
        TcpServer server = leaks.watch(echo().maxConnections(limit).bind(0));

        for (int round = 0; round < 5; round++) {
            for (Departure departure : Departure.values()) {
                for (int i = 0; i < limit; i++) {
                    RawClient client = leaks.close(RawClient.to(server.port()));
                    assertEquals("in", client.ask("in"));
                    leave(client, departure);
                }
            }
        }

        awaitSoon("state", () -> server.stats().connections() == 0);
        for (int i = 0; i < limit; i++) {
            assertEquals("in", leaks.close(RawClient.to(server.port())).ask("in"));
        }
        RawClient beyond = leaks.close(RawClient.to(server.port()));
        beyond.send("beyond the limit");
        assertTrue(beyond.staysSilent(50), "a permit was given back twice");
    }

    private static void leave(RawClient client, Departure departure) throws IOException {
        switch (departure) {
            case FIN -> client.close();
            case RST -> client.reset();
            case HANDLER_THROWS -> {
                client.send("throw");
                client.awaitEnd();
                client.close();
            }
            case MALFORMED_FRAME -> {
                client.sendBytes(NEGATIVE_LENGTH);
                client.awaitEnd();
                client.close();
            }
            default -> throw new AssertionError(departure);
        }
    }

    @Test
    void churnOfConnectionsLeavesNothingBehind() throws Exception {
        churn(500);
    }

    @Test
    @Tag("heavy")
    void longChurnOfConnectionsLeavesNothingBehind() throws Exception {
        churn(10_000);
    }

    private void churn(int connections) throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        long descriptors = LeakCheck.socketDescriptors();
        int threads = LeakCheck.millraceThreads().size();

        for (int i = 0; i < connections; i++) {
            try (RawClient client = RawClient.to(server.port())) {
                if (i % 2 == 0) {
                    assertEquals("hello", client.ask("hello"));
                }
            }
        }

        awaitSoon("state", () -> server.stats().accepted() == connections);
        awaitSoon("state", () -> server.stats().connections() == 0);
        assertEquals(0, server.group().stats().contextsLeased());
        assertEquals(0, server.group().stats().buffersLeased());
        assertEquals(threads, LeakCheck.millraceThreads().size());
        assertEquals(descriptors, LeakCheck.socketDescriptors());
    }

    @Test
    void connectionResetBeforeOrJustAfterItIsAcceptedHarmsNobodyAndIsNoNews() throws Exception {
        try (CapturedLog log = new CapturedLog()) {
            TcpServer server = leaks.watch(echo().maxConnections(2).bind(0));
            RawClient bystander = leaks.close(RawClient.to(server.port()));
            assertEquals("in", bystander.ask("in"));

            for (int i = 0; i < 200; i++) {
                // While one of the two permits is taken, some of these still wait in the backlog when they break.
                RawClient.to(server.port()).reset();
            }

            assertEquals("still in", bystander.ask("still in"));
            assertEquals("next", leaks.close(RawClient.to(server.port())).ask("next"));
            awaitSoon("state", () -> server.stats().connections() == 2);
            assertEquals(0, server.stats().acceptFailures());
            assertEquals(List.of(), log.lines());
        }
    }

    @Test
    void connectionsClosedAtOnceOpenAndCloseInPairs() throws Exception {
        connectAndClose(500);
    }

    @Test
    @Tag("heavy")
    void tenThousandConnectionsClosedAtOnceOpenAndCloseInPairs() throws Exception {
        connectAndClose(10_000);
    }

    private void connectAndClose(int connections) throws Exception {
        AtomicInteger opened = new AtomicInteger();
        AtomicInteger closed = new AtomicInteger();
        Set<Long> open = ConcurrentHashMap.newKeySet();
        AtomicInteger outOfOrder = new AtomicInteger();
        TcpServer server = leaks.watch(echo().onOpen(session -> {
                    opened.incrementAndGet();
                    outOfOrder.addAndGet(open.add(session.id()) ? 0 : 1);
                })
                .onClose((session, reason) -> {
                    closed.incrementAndGet();
                    outOfOrder.addAndGet(open.remove(session.id()) ? 0 : 1);
                })
                .bind(0));

        for (int i = 0; i < connections; i++) {
            RawClient.to(server.port()).close();
        }

        // A system may drop those from its backlog that are gone before they are accepted; this one does not.
        awaitSoon("state", () -> closed.get() == connections);
        assertEquals(connections, opened.get());
        assertEquals(0, outOfOrder.get());
        awaitSoon("state", () -> server.stats().connections() == 0);
        assertEquals(0, server.stats().refusedInAll());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void clientsBeyondTheBacklogTimeOutCleanlyAndTheRestAreServedWhenThereIsRoom() throws Exception {
        TcpServer server = leaks.watch(echo().maxConnections(1).backlog(1).bind(0));
        RawClient first = leaks.close(RawClient.to(server.port()));
        assertEquals("in", first.ask("in"));
        // Linux lets one more connection into a backlog than it is asked for.
        List<RawClient> waiting = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            waiting.add(leaks.close(RawClient.to(server.port())));
            waiting.get(i).send("waiting " + i);
        }
        for (int i = 0; i < 3; i++) {
            try (Socket beyond = new Socket()) {
                assertThrows(
                        SocketTimeoutException.class,
                        () -> beyond.connect(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), 50));
            }
        }
        assertEquals("still in", first.ask("still in"));

        first.close();
        for (RawClient client : waiting) {
            assertTrue(client.receiveText().startsWith("waiting"));
            client.close();
        }

        assertEquals("next", leaks.close(RawClient.to(server.port())).ask("next"));
        assertEquals(1, server.stats().peakConnections());
        assertEquals(0, server.stats().refusedInAll());
    }

    @Test
    void serverTellsThoseItRefusesAndCountsThemByReason() throws Exception {
        TcpServer server = leaks.watch(echo().admission(AdmissionConfig.builder()
                        .policy(AdmissionPolicy.ACCEPT_AND_REFUSE)
                        .refusalMessage(reason -> ("go away: " + reason).getBytes(StandardCharsets.UTF_8))
                        .build())
                .maxConnections(1)
                .bind(0));
        assertEquals("in", leaks.close(RawClient.to(server.port())).ask("in"));

        RawClient second = leaks.close(RawClient.to(server.port()));
        assertEquals("go away: TOO_MANY_CONNECTIONS", second.receiveText());
        second.awaitEnd();

        assertEquals(1, server.stats().refused().get(RefusalReason.TOO_MANY_CONNECTIONS));
        assertEquals(1, server.stats().refusedInAll());
        assertEquals(RefusalReason.values().length, server.stats().refused().size());
    }

    private static TcpServerBuilder echo() {
        return TcpServer.builder().protocol(Protocol.lengthPrefixed()).onMessage((session, message) -> {
            if (StandardCharsets.UTF_8.decode(message.duplicate()).toString().equals("throw")) {
                throw new IllegalStateException("on purpose");
            }
            session.send(message);
        });
    }
}

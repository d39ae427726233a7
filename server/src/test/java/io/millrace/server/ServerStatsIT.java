package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.core.IoGroup;
import io.millrace.core.RequestStats;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ServerStatsIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final ManualClock clock = new ManualClock();

    private TcpServer echo() throws Exception {
        IoGroup.Builder builder = IoGroup.builder().threads(1);
        GroupAccess.setClock(builder, clock);
        IoGroup group = leaks.watch(builder.start());
        clock.drives(GroupAccess.runtimeOf(group).deadlines());
        return leaks.close(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .group(group)
                .bind("127.0.0.1", 0));
    }

    @Test
    void snapshotTellsOfATimeOfTraffic() throws Exception {
        TcpServer server = echo();
        clock.advance(Duration.ofSeconds(60));
        assertEquals(0, server.rates().accepted());
        RawClient client = leaks.close(RawClient.to(server.port()));
        for (int i = 0; i < 20; i++) {
            client.ask("hello");
        }
        clock.advance(Duration.ofSeconds(2));
        TcpServerSnapshot snapshot = server.snapshot();

        assertEquals(Duration.ofSeconds(62), snapshot.stats().uptime());
        assertEquals(Duration.ofSeconds(2), snapshot.rates().interval());
        assertEquals(0.5, snapshot.rates().accepted());
        assertEquals(10, snapshot.rates().messagesReceived());
        assertEquals(90, snapshot.rates().bytesReceived());
        JsonNode json = new ObjectMapper().readTree(snapshot.toJson());
        assertEquals("127.0.0.1:" + server.port(), json.at("/addresses/0").asText());
        assertEquals(1, json.at("/connections/now").asInt());
        assertEquals(20, json.at("/traffic/messagesSent").asInt());
        assertEquals(0.5, json.at("/perSecond/accepted").asDouble());
        assertTrue(snapshot.toText().contains("RUNNING"), snapshot.toText());
    }

    @Test
    void twoWhoReadTheRatesSeeTheSame() throws Exception {
        TcpServer server = echo();
        RawClient client = leaks.close(RawClient.to(server.port()));
        client.ask("hello");
        clock.advance(Duration.ofSeconds(4));
        TcpServerRates first = server.rates();
        TcpServerRates second = server.rates();
        assertEquals(0.25, first.messagesReceived());
        assertEquals(first, second);
    }

    @Test
    void requestsAreCountedAndMeasured() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onRequest((session, request, reply) -> reply.send(request))
                .bind("127.0.0.1", 0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        for (int i = 0; i < 40; i++) {
            client.ask("hello");
        }
        RequestStats requests = server.stats().requests();
        assertEquals(40, requests.answered());
        assertEquals(0, requests.inProgress());
        assertEquals(3, requests.latency().samples(), "the first and every sixteenth");
        assertTrue(requests.latency().max().compareTo(requests.latency().p50()) >= 0);
        JsonNode json = new ObjectMapper().readTree(server.snapshot().toJson());
        assertEquals(40, json.at("/requests/answered").asInt());
        assertTrue(json.at("/requests/latency/maxMicros").asDouble() > 0);
    }

    @Test
    void serverThatHasNotStartedTellsThatToo() throws Exception {
        TcpServer server = TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .listenOn("nowhere.invalid", 7)
                .build();
        TcpServerSnapshot snapshot = server.snapshot();
        assertEquals(ServerState.NEW, snapshot.state());
        assertEquals(0, snapshot.stats().accepted());
        assertEquals(0, snapshot.rates().accepted());
        JsonNode json = new ObjectMapper().readTree(snapshot.toJson());
        assertEquals("nowhere.invalid:7", json.at("/addresses/0").asText());
        assertTrue(json.at("/group").isMissingNode());
        assertTrue(snapshot.toText().contains("nowhere.invalid:7"), snapshot.toText());
    }

    @Test
    void closedServerStillTellsWhatItWas() throws Exception {
        TcpServer server = echo();
        // With a clock that stands still nobody is let go who keeps a side open.
        try (RawClient client = RawClient.to(server.port())) {
            client.ask("hello");
        }
        server.close();
        assertEquals(1, server.snapshot().stats().traffic().messagesReceived());
        assertEquals(ServerState.STOPPED, server.snapshot().state());
    }
}

package io.millrace.server;

import io.millrace.core.IoGroupStats;
import io.millrace.core.LatencyStats;
import io.millrace.core.RequestStats;
import io.millrace.core.observe.JsonWriter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Writes snapshots for programs. */
final class SnapshotJson {
    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final double NANOS_PER_MICRO = TimeUnit.MICROSECONDS.toNanos(1);

    private SnapshotJson() {}

    static String of(TcpServerSnapshot snapshot) {
        JsonWriter json = new JsonWriter()
                .text("time", snapshot.time().toString())
                .text("state", snapshot.state().name())
                .texts("addresses", snapshot.addressTexts())
                .text("protocol", snapshot.protocol())
                .number("uptimeSeconds", seconds(snapshot.stats().uptime()));
        server(json, snapshot.stats());
        requests(json, snapshot.stats().requests());
        rates(json, snapshot.rates());
        IoGroupStats group = snapshot.group();
        if (group != null) {
            group(json, group);
        }
        return json.finish();
    }

    private static void server(JsonWriter json, TcpServerStats stats) {
        json.begin("connections")
                .number("now", stats.connections())
                .number("peak", stats.peakConnections())
                .number("accepted", stats.accepted())
                .number("refused", stats.refusedInAll())
                .number("acceptFailures", stats.acceptFailures())
                .number("acceptsInFlight", stats.acceptsInFlight())
                .begin("refusedBecause");
        stats.refused().forEach((reason, count) -> json.number(reason.name(), count));
        json.end().end();
        json.begin("traffic")
                .number("bytesReceived", stats.traffic().bytesReceived())
                .number("messagesReceived", stats.traffic().messagesReceived())
                .number("bytesSent", stats.traffic().bytesSent())
                .number("messagesSent", stats.traffic().messagesSent())
                .end();
    }

    private static void requests(JsonWriter json, RequestStats requests) {
        LatencyStats latency = requests.latency();
        json.begin("requests")
                .number("inProgress", requests.inProgress())
                .number("answered", requests.answered())
                .number("failed", requests.failed())
                .number("busy", requests.busy())
                .number("dropped", requests.dropped())
                .begin("latency")
                .number("samples", latency.samples())
                .number("meanMicros", micros(latency.mean()))
                .number("p50Micros", micros(latency.p50()))
                .number("p90Micros", micros(latency.p90()))
                .number("p99Micros", micros(latency.p99()))
                .number("p999Micros", micros(latency.p999()))
                .number("maxMicros", micros(latency.max()))
                .end()
                .end();
    }

    private static void rates(JsonWriter json, TcpServerRates rates) {
        json.begin("perSecond")
                .number("intervalSeconds", seconds(rates.interval()))
                .number("accepted", rates.accepted())
                .number("refused", rates.refused())
                .number("bytesReceived", rates.bytesReceived())
                .number("messagesReceived", rates.messagesReceived())
                .number("bytesSent", rates.bytesSent())
                .number("messagesSent", rates.messagesSent())
                .number("requests", rates.requests())
                .end();
    }

    private static void group(JsonWriter json, IoGroupStats group) {
        json.begin("group")
                .number("threads", group.threads())
                .number("blockedThreads", group.blockedThreads())
                .number("blockedIncidents", group.blockedIncidents())
                .number("lostThreads", group.lostThreads())
                .number("buffersLeased", group.buffersLeased())
                .number("buffersPeak", group.buffersPeak())
                .number("bufferBytesLeased", group.bufferBytesLeased())
                .number("bufferBytesHeld", group.bufferBytesHeld())
                .number("bufferBytesLimit", group.bufferBytesLimit())
                .number("bufferMisses", group.bufferMisses())
                .number("bufferBlocksReclaimed", group.bufferBlocksReclaimed())
                .number("foreignBytes", group.foreignBytes())
                .number("contextsLeased", group.contextsLeased())
                .number("contextsPeak", group.contextsPeak())
                .end();
    }

    private static double seconds(Duration time) {
        return time.toNanos() / NANOS_PER_SECOND;
    }

    private static double micros(Duration time) {
        return time.toNanos() / NANOS_PER_MICRO;
    }
}

package io.millrace.server;

import io.millrace.core.IoGroupStats;
import io.millrace.core.LatencyStats;
import io.millrace.core.RequestStats;
import io.millrace.server.admission.RefusalReason;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Writes snapshots for people. */
final class SnapshotText {
    private final StringBuilder out = new StringBuilder();

    private SnapshotText() {}

    static String of(TcpServerSnapshot snapshot) {
        SnapshotText text = new SnapshotText();
        text.head(snapshot);
        text.server(snapshot.stats(), snapshot.rates());
        text.requests(snapshot.stats().requests(), snapshot.rates());
        IoGroupStats group = snapshot.group();
        if (group != null) {
            text.group(group);
        }
        return text.out.toString();
    }

    private void head(TcpServerSnapshot snapshot) {
        words("server", String.join(", ", snapshot.addressTexts()) + ", " + snapshot.protocol());
        Duration uptime = snapshot.stats().uptime().truncatedTo(ChronoUnit.SECONDS);
        words("state", snapshot.state() + ", up " + plain(uptime));
        double interval = snapshot.rates().interval().toNanos() / (double) TimeUnit.SECONDS.toNanos(1);
        words("rates", String.format(Locale.ROOT, "over the last %.1f s", interval));
    }

    private void server(TcpServerStats stats, TcpServerRates rates) {
        line("connections", stats.connections(), "now", stats.peakConnections(), "peak");
        rated("accepted", stats.accepted(), "connections", rates.accepted());
        rated("refused", stats.refusedInAll(), "connections", rates.refused());
        stats.refused().forEach((reason, count) -> {
            if (count > 0) {
                out.append(String.format(Locale.ROOT, "%-15s%,18d %s\n", "", count, plain(reason)));
            }
        });
        line("accepting", stats.acceptsInFlight(), "in flight", stats.acceptFailures(), "failures");
        rated("received", stats.traffic().bytesReceived(), "bytes", rates.bytesReceived());
        rated("", stats.traffic().messagesReceived(), "messages", rates.messagesReceived());
        rated("sent", stats.traffic().bytesSent(), "bytes", rates.bytesSent());
        rated("", stats.traffic().messagesSent(), "messages", rates.messagesSent());
    }

    private void requests(RequestStats requests, TcpServerRates rates) {
        rated("requests", requests.answered() + requests.failed(), "finished", rates.requests());
        line("", requests.failed(), "with errors", requests.busy(), "busy");
        line("", requests.inProgress(), "in progress", requests.dropped(), "dropped");
        LatencyStats latency = requests.latency();
        words(
                "latency",
                String.format(
                        Locale.ROOT,
                        "mean %s, p50 %s, p90 %s, p99 %s, p99.9 %s, max %s, of %d samples",
                        millis(latency.mean()),
                        millis(latency.p50()),
                        millis(latency.p90()),
                        millis(latency.p99()),
                        millis(latency.p999()),
                        millis(latency.max()),
                        latency.samples()));
    }

    private void group(IoGroupStats group) {
        line("I/O threads", group.threads(), "in all", group.blockedThreads(), "blocked");
        line("", group.lostThreads(), "lost", group.blockedIncidents(), "times blocked");
        line("buffers", group.buffersLeased(), "leased", group.buffersPeak(), "peak");
        line("buffer bytes", group.bufferBytesLeased(), "leased", group.bufferBytesHeld(), "held");
        line("", group.bufferBytesLimit(), "limit", group.foreignBytes(), "not pooled");
        line("buffer misses", group.bufferMisses(), "times", group.bufferBlocksReclaimed(), "reclaimed");
        line("contexts", group.contextsLeased(), "leased", group.contextsPeak(), "peak");
    }

    private void words(String label, String words) {
        out.append(String.format(Locale.ROOT, "%-15s%s\n", label, words));
    }

    private void line(String label, long value, String unit, long second, String secondUnit) {
        out.append(String.format(Locale.ROOT, "%-15s%,18d %-12s%,18d %s\n", label, value, unit, second, secondUnit));
    }

    private void rated(String label, long value, String unit, double perSecond) {
        out.append(String.format(Locale.ROOT, "%-15s%,18d %-12s%,18.1f a second\n", label, value, unit, perSecond));
    }

    private static String millis(Duration time) {
        return String.format(Locale.ROOT, "%.3f ms", time.toNanos() / (double) TimeUnit.MILLISECONDS.toNanos(1));
    }

    private static String plain(RefusalReason reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Returns a time as people say it, such as 2 d 3 h 20 min 5 s. */
    private static String plain(Duration time) {
        StringBuilder words = new StringBuilder();
        append(words, time.toDays(), "d");
        append(words, time.toHoursPart(), "h");
        append(words, time.toMinutesPart(), "min");
        append(words, time.toSecondsPart(), "s");
        return words.isEmpty() ? "0 s" : words.substring(0, words.length() - 1);
    }

    private static void append(StringBuilder words, long count, String unit) {
        if (count > 0) {
            words.append(count).append(' ').append(unit).append(' ');
        }
    }
}

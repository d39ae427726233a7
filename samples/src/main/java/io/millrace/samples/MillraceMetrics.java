package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.TcpClientStats;
import io.millrace.client.pool.PoolStats;
import io.millrace.core.IoGroupStats;
import io.millrace.core.LatencyStats;
import io.millrace.core.RequestStats;
import io.millrace.core.SessionStats;
import io.millrace.server.ServerHealth;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerSnapshot;
import io.millrace.server.TcpServerStats;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Gives the statistics of a server, a client and their group the names that Prometheus would have for them. */
final class MillraceMetrics {
    private static final double SECOND = TimeUnit.SECONDS.toNanos(1);

    private final PrometheusText text = new PrometheusText();

    private MillraceMetrics() {}

    /** Reads everything once, and writes it. */
    static String of(TcpServer server, TcpClient client) {
        MillraceMetrics metrics = new MillraceMetrics();
        TcpServerSnapshot snapshot = server.snapshot();
        metrics.server(snapshot, server.health(), address(server));
        metrics.traffic(snapshot.stats());
        metrics.requests(snapshot.stats().requests());
        metrics.group(server.group().stats());
        metrics.client(client.stats(), client.poolStats());
        return metrics.text.toString();
    }

    private void server(TcpServerSnapshot snapshot, ServerHealth health, String address) {
        text.gauge("millrace_server_info", "What the server is; the value is always 1.")
                .sample(1, "address", address, "protocol", snapshot.protocol());
        gauge("millrace_server_ready", "1 if a client that connects now is served, else 0.", health.ready() ? 1 : 0);
        gauge("millrace_server_alive", "0 if only a restart helps, else 1.", health.alive() ? 1 : 0);
        TcpServerStats stats = snapshot.stats();
        gauge("millrace_server_uptime_seconds", "How long ago the server was bound.", seconds(stats.uptime()));
        gauge("millrace_server_connections", "Sessions now.", stats.connections());
        counter("millrace_server_accepted_connections_total", "Connections accepted.", stats.accepted());
        text.counter("millrace_server_refused_connections_total", "Connections accepted and closed again, by reason.");
        stats.refused()
                .forEach((reason, count) ->
                        text.sample(count, "reason", reason.name().toLowerCase(Locale.ROOT)));
        counter("millrace_server_accept_failures_total", "How often accepting failed.", stats.acceptFailures());
    }

    private static String address(TcpServer server) {
        return server.localAddress().getAddress().getHostAddress() + ":" + server.port();
    }

    private void traffic(TcpServerStats stats) {
        SessionStats traffic = stats.traffic();
        counter("millrace_server_received_bytes_total", "Bytes read.", traffic.bytesReceived());
        counter("millrace_server_sent_bytes_total", "Bytes written.", traffic.bytesSent());
        counter("millrace_server_received_messages_total", "Messages received.", traffic.messagesReceived());
        counter("millrace_server_sent_messages_total", "Messages sent.", traffic.messagesSent());
    }

    private void requests(RequestStats requests) {
        gauge("millrace_server_requests_in_progress", "Requests not answered yet.", requests.inProgress());
        text.counter("millrace_server_requests_total", "Requests that have ended, by outcome.")
                .sample(requests.answered(), "outcome", "answered")
                .sample(requests.failed(), "outcome", "failed")
                .sample(requests.busy(), "outcome", "busy")
                .sample(requests.dropped(), "outcome", "dropped");
        LatencyStats latency = requests.latency();
        text.summary("millrace_server_request_duration_seconds", "Time to answer a request, of a sample of them.");
        quantile("0.5", latency.p50(), latency.samples());
        quantile("0.9", latency.p90(), latency.samples());
        quantile("0.99", latency.p99(), latency.samples());
        quantile("0.999", latency.p999(), latency.samples());
        text.sum(seconds(latency.sum())).count(latency.samples());
    }

    /** Adds a quantile, which is no number while there is nothing to take it of. */
    private void quantile(String quantile, Duration time, long samples) {
        text.sample(samples == 0 ? Double.NaN : seconds(time), "quantile", quantile);
    }

    private void group(IoGroupStats group) {
        gauge("millrace_group_threads", "I/O threads.", group.threads());
        gauge("millrace_group_blocked_threads", "I/O threads that a callback holds now.", group.blockedThreads());
        String blocked = "How often a callback held an I/O thread too long.";
        counter("millrace_group_blocked_incidents_total", blocked, group.blockedIncidents());
        gauge("millrace_group_lost_threads", "I/O threads that serve no more.", group.lostThreads());
        gauge("millrace_group_leased_buffers", "Buffers in use now.", group.buffersLeased());
        gauge("millrace_group_leased_buffer_bytes", "Bytes of the buffers in use now.", group.bufferBytesLeased());
        gauge("millrace_group_held_buffer_bytes", "Bytes of direct memory held.", group.bufferBytesHeld());
        gauge("millrace_group_buffer_limit_bytes", "The most direct memory to hold.", group.bufferBytesLimit());
        counter("millrace_group_buffer_misses_total", "How often there was no memory.", group.bufferMisses());
        gauge("millrace_group_leased_contexts", "Operation contexts in use now.", group.contextsLeased());
    }

    private void client(TcpClientStats stats, PoolStats pool) {
        gauge("millrace_client_connections", "Sessions now.", stats.connections());
        gauge("millrace_client_idle_connections", "Connections of the pool that nobody uses.", pool.idle());
        gauge("millrace_client_waiting_callers", "Callers that wait for a connection.", pool.waiting());
        counter("millrace_client_opened_connections_total", "Sessions opened.", stats.opened());
        counter("millrace_client_lost_connections_total", "Connections of the pool that were lost.", pool.lost());
        counter("millrace_client_connect_failures_total", "How often connecting failed.", stats.connectFailures());
        gauge("millrace_client_requests_in_progress", "Requests without an outcome.", stats.requestsInProgress());
        counter("millrace_client_retries_total", "How often a request was made again.", stats.retries());
    }

    private void gauge(String name, String help, Number value) {
        text.gauge(name, help).sample(value);
    }

    private void counter(String name, String help, Number value) {
        text.counter(name, help).sample(value);
    }

    private static double seconds(Duration time) {
        return time.toNanos() / SECOND;
    }
}

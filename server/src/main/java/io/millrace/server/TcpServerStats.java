package io.millrace.server;

import io.millrace.core.RequestStats;
import io.millrace.core.SessionStats;
import io.millrace.server.admission.RefusalReason;
import java.time.Duration;
import java.util.Map;

/**
 * The counters of a server. Immutable.
 *
 * @param connections sessions now, those being opened or closed included
 * @param peakConnections the most sessions at once
 * @param accepted connections accepted since the start
 * @param refused connections accepted and closed again, for every reason there is; unmodifiable
 * @param acceptFailures how often accepting failed and was tried again
 * @param acceptsInFlight accepts that wait for a client: one for each listening address, less those at a limit or backing
 *     off
 * @param traffic the counters of all its sessions since the start, added up; see {@link TcpServer#rates()} too
 * @param requests the counters of the requests that it was sent
 * @param uptime how long ago it was bound
 */
public record TcpServerStats(
        int connections,
        int peakConnections,
        long accepted,
        Map<RefusalReason, Long> refused,
        long acceptFailures,
        int acceptsInFlight,
        SessionStats traffic,
        RequestStats requests,
        Duration uptime) {
    /** {@return connections accepted and closed again since the start, for whatever reason} */
    public long refusedInAll() {
        return refused.values().stream().mapToLong(Long::longValue).sum();
    }
}

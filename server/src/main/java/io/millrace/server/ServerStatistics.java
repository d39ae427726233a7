package io.millrace.server;

import io.millrace.core.SessionStats;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.answer.RequestMeter;
import io.millrace.core.internal.answer.ServedRequests;
import io.millrace.server.internal.Admission;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the counters of one server, and remembers a few readings for rates. */
final class ServerStatistics {
    private final IoRuntime runtime;
    private final Admission admission;
    private final RequestMeter requests;
    private final long startNanos;
    private final RateHistory history;

    /** Begins to read; without requests to be served there are none to count. */
    ServerStatistics(IoRuntime runtime, Admission admission, @Nullable ServedRequests served) {
        this.runtime = runtime;
        this.admission = admission;
        this.requests = served == null ? new RequestMeter() : served.meter();
        this.startNanos = runtime.deadlines().nanoTime();
        this.history = new RateHistory(startNanos, nothing(requests));
    }

    /** Returns the counters of a server that has not started. */
    static TcpServerStats nothing() {
        return nothing(new RequestMeter());
    }

    private static TcpServerStats nothing(RequestMeter requests) {
        SessionStats traffic = new SessionStats(0, 0, 0, 0);
        return new TcpServerStats(0, 0, 0, Map.of(), 0, 0, traffic, requests.stats(), Duration.ZERO);
    }

    /** Returns the rates of a server that has not started. */
    static TcpServerRates noRates() {
        return new RateHistory(0, nothing()).rates(0, nothing());
    }

    TcpServerStats stats() {
        return read(runtime.deadlines().nanoTime());
    }

    TcpServerRates rates() {
        long now = runtime.deadlines().nanoTime();
        return history.rates(now, read(now));
    }

    private TcpServerStats read(long nowNanos) {
        SessionSet sessions = admission.sessions();
        return new TcpServerStats(
                sessions.count(),
                sessions.peak(),
                admission.accepted(),
                admission.refused(),
                admission.acceptFailures(),
                admission.acceptsInFlight(),
                sessions.totals(),
                requests.stats(),
                Duration.ofNanos(nowNanos - startNanos));
    }
}

package io.millrace.server;

import io.millrace.core.LatencyStats;
import java.time.Duration;

/** Shows the counters of a server to JMX. */
record ServerBean(TcpServer server) implements TcpServerMXBean {
    @Override
    public String getAddress() {
        return server.localAddress().toString();
    }

    @Override
    public int getConnections() {
        return server.stats().connections();
    }

    @Override
    public int getPeakConnections() {
        return server.stats().peakConnections();
    }

    @Override
    public int getAcceptsInFlight() {
        return server.stats().acceptsInFlight();
    }

    @Override
    public long getAccepted() {
        return server.stats().accepted();
    }

    @Override
    public long getRefused() {
        return server.stats().refusedInAll();
    }

    @Override
    public long getAcceptFailures() {
        return server.stats().acceptFailures();
    }

    @Override
    public long getBytesReceived() {
        return server.stats().traffic().bytesReceived();
    }

    @Override
    public long getBytesSent() {
        return server.stats().traffic().bytesSent();
    }

    @Override
    public long getMessagesReceived() {
        return server.stats().traffic().messagesReceived();
    }

    @Override
    public long getMessagesSent() {
        return server.stats().traffic().messagesSent();
    }

    @Override
    public long getRequestsInProgress() {
        return server.stats().requests().inProgress();
    }

    @Override
    public long getRequestsAnswered() {
        return server.stats().requests().answered();
    }

    @Override
    public long getRequestsFailed() {
        return server.stats().requests().failed();
    }

    @Override
    public long getRequestsBusy() {
        return server.stats().requests().busy();
    }

    @Override
    public long getRequestsDropped() {
        return server.stats().requests().dropped();
    }

    @Override
    public double getRequestMeanMicros() {
        return micros(latency().mean());
    }

    @Override
    public double getRequestP50Micros() {
        return micros(latency().p50());
    }

    @Override
    public double getRequestP90Micros() {
        return micros(latency().p90());
    }

    @Override
    public double getRequestP99Micros() {
        return micros(latency().p99());
    }

    @Override
    public double getRequestP999Micros() {
        return micros(latency().p999());
    }

    @Override
    public double getRequestMaxMicros() {
        return micros(latency().max());
    }

    @Override
    public long getUptimeSeconds() {
        return server.stats().uptime().toSeconds();
    }

    @Override
    public double getAcceptedPerSecond() {
        return server.rates().accepted();
    }

    @Override
    public double getRefusedPerSecond() {
        return server.rates().refused();
    }

    @Override
    public double getBytesReceivedPerSecond() {
        return server.rates().bytesReceived();
    }

    @Override
    public double getBytesSentPerSecond() {
        return server.rates().bytesSent();
    }

    @Override
    public double getMessagesReceivedPerSecond() {
        return server.rates().messagesReceived();
    }

    @Override
    public double getMessagesSentPerSecond() {
        return server.rates().messagesSent();
    }

    @Override
    public double getRequestsPerSecond() {
        return server.rates().requests();
    }

    private LatencyStats latency() {
        return server.stats().requests().latency();
    }

    private static double micros(Duration time) {
        return time.toNanos() / 1_000.0;
    }
}

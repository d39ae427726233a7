package io.millrace.client;

import io.millrace.client.endpoint.EndpointStats;

/** Shows the counters of a client to JMX. */
record ClientBean(TcpClient client) implements TcpClientMXBean {
    @Override
    public String getEndpoint() {
        return client.endpoint();
    }

    @Override
    public String getState() {
        return client.state().name();
    }

    @Override
    public String[] getEndpoints() {
        return client.endpoints().stream().map(EndpointStats::toString).toArray(String[]::new);
    }

    @Override
    public int getIdleConnections() {
        return client.poolStats().idle();
    }

    @Override
    public int getBorrowedConnections() {
        return client.poolStats().borrowed();
    }

    @Override
    public int getWaiting() {
        return client.poolStats().waiting();
    }

    @Override
    public int getRequestsInProgress() {
        return client.stats().requestsInProgress();
    }

    @Override
    public long getRetries() {
        return client.stats().retries();
    }

    @Override
    public long getRetriesRefused() {
        return client.stats().retriesRefused();
    }

    @Override
    public int getConnections() {
        return client.stats().connections();
    }

    @Override
    public int getPeakConnections() {
        return client.stats().peakConnections();
    }

    @Override
    public long getOpened() {
        return client.stats().opened();
    }

    @Override
    public long getConnectFailures() {
        return client.stats().connectFailures();
    }

    @Override
    public long getBytesReceived() {
        return client.stats().traffic().bytesReceived();
    }

    @Override
    public long getBytesSent() {
        return client.stats().traffic().bytesSent();
    }

    @Override
    public long getMessagesReceived() {
        return client.stats().traffic().messagesReceived();
    }

    @Override
    public long getMessagesSent() {
        return client.stats().traffic().messagesSent();
    }
}

package io.millrace.client;

/** Shows the counters of a client to JMX. */
record ClientBean(TcpClient client) implements TcpClientMXBean {
    @Override
    public String getEndpoint() {
        return client.endpoint();
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

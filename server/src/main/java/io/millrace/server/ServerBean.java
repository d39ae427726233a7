package io.millrace.server;

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
    public long getTurnedAway() {
        return server.stats().turnedAway();
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
}

package io.millrace.server;

/**
 * What JMX shows of a server, as {@code io.millrace:type=Server,name=...}. Rates are the differences of two readings.
 *
 * <p>Threading: Thread-safe.
 */
public interface TcpServerMXBean {
    /** {@return the bound address} */
    String getAddress();

    /** {@return sessions now} */
    int getConnections();

    /** {@return the most sessions at once} */
    int getPeakConnections();

    /** {@return accepts that wait for a client: 1, or 0 at a limit or while backing off} */
    int getAcceptsInFlight();

    /** {@return connections accepted since the start} */
    long getAccepted();

    /** {@return connections accepted and closed at once} */
    long getTurnedAway();

    /** {@return how often accepting failed} */
    long getAcceptFailures();

    /** {@return bytes read from all connections since the start} */
    long getBytesReceived();

    /** {@return bytes written to all connections since the start} */
    long getBytesSent();

    /** {@return whole messages received since the start} */
    long getMessagesReceived();

    /** {@return messages accepted for sending since the start} */
    long getMessagesSent();
}

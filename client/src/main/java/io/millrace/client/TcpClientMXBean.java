package io.millrace.client;

/**
 * What JMX shows of a client, as {@code io.millrace:type=Client,name=...}. Rates are the differences of two readings.
 *
 * <p>Threading: Thread-safe.
 */
public interface TcpClientMXBean {
    /** {@return where it connects to} */
    String getEndpoint();

    /** {@return sessions now, those being opened included} */
    int getConnections();

    /** {@return the most sessions at once} */
    int getPeakConnections();

    /** {@return sessions opened since the start} */
    long getOpened();

    /** {@return how often connecting failed} */
    long getConnectFailures();

    /** {@return bytes read from all connections since the start} */
    long getBytesReceived();

    /** {@return bytes written to all connections since the start} */
    long getBytesSent();

    /** {@return whole messages received since the start} */
    long getMessagesReceived();

    /** {@return messages accepted for sending since the start} */
    long getMessagesSent();
}

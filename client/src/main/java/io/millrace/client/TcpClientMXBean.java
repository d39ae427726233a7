package io.millrace.client;

/**
 * What JMX shows of a client, as {@code io.millrace:type=Client,name=...}. Rates are the differences of two readings.
 *
 * <p>Threading: Thread-safe.
 */
public interface TcpClientMXBean {
    /** {@return where it connects to} */
    String getEndpoint();

    /** {@return how it stands with its endpoints: a name of {@link io.millrace.client.pool.ClientState}} */
    String getState();

    /** {@return a line for each endpoint: how it is doing, and how many connections it has} */
    String[] getEndpoints();

    /** {@return connections of the pool that nobody uses} */
    int getIdleConnections();

    /** {@return connections that are out to callers} */
    int getBorrowedConnections();

    /** {@return callers that wait for a connection} */
    int getWaiting();

    /** {@return requests that wait for their replies or for a connection} */
    int getRequestsInProgress();

    /** {@return how often a request was made again since the start} */
    long getRetries();

    /** {@return how often one was not, because the budget for that was spent, since the start} */
    long getRetriesRefused();

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

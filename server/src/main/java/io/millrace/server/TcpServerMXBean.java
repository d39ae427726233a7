package io.millrace.server;

/**
 * What JMX shows of a server, as {@code io.millrace:type=Server,name=...}. Each value is read when it is asked for.
 *
 * <p>Threading: Thread-safe.
 */
public interface TcpServerMXBean {
    /** {@return the first of the bound addresses} */
    String getAddress();

    /** {@return sessions now} */
    int getConnections();

    /** {@return the most sessions at once} */
    int getPeakConnections();

    /** {@return accepts that wait for a client: one for each listening address, less those at a limit or backing off} */
    int getAcceptsInFlight();

    /** {@return connections accepted since the start} */
    long getAccepted();

    /** {@return connections accepted and closed again since the start, for whatever reason} */
    long getRefused();

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

    /** {@return requests taken and not answered yet} */
    long getRequestsInProgress();

    /** {@return requests answered with a reply since the start} */
    long getRequestsAnswered();

    /** {@return requests answered with an error since the start} */
    long getRequestsFailed();

    /** {@return requests not begun because too many were in progress, since the start} */
    long getRequestsBusy();

    /** {@return requests whose session ended before they were answered, since the start} */
    long getRequestsDropped();

    /** {@return the mean time to answer a request, in microseconds; sampled, as the percentiles are} */
    double getRequestMeanMicros();

    /** {@return the time that half of the answers did not exceed, in microseconds} */
    double getRequestP50Micros();

    /** {@return the time that 90 % of the answers did not exceed, in microseconds} */
    double getRequestP90Micros();

    /** {@return the time that 99 % of the answers did not exceed, in microseconds} */
    double getRequestP99Micros();

    /** {@return the time that 99.9 % of the answers did not exceed, in microseconds} */
    double getRequestP999Micros();

    /** {@return the longest time to answer a request, in microseconds} */
    double getRequestMaxMicros();

    /** {@return how long ago the server was bound, in seconds} */
    long getUptimeSeconds();

    /** {@return connections accepted per second, over the last while; see {@link TcpServer#rates()}} */
    double getAcceptedPerSecond();

    /** {@return connections refused per second} */
    double getRefusedPerSecond();

    /** {@return bytes read from all connections per second} */
    double getBytesReceivedPerSecond();

    /** {@return bytes written to all connections per second} */
    double getBytesSentPerSecond();

    /** {@return whole messages received per second} */
    double getMessagesReceivedPerSecond();

    /** {@return messages accepted for sending per second} */
    double getMessagesSentPerSecond();

    /** {@return requests answered per second} */
    double getRequestsPerSecond();
}

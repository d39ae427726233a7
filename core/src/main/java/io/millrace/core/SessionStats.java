package io.millrace.core;

/**
 * The counters of one session. Immutable.
 *
 * @param bytesReceived bytes read from the connection
 * @param messagesReceived whole messages received
 * @param bytesSent bytes written to the connection
 * @param messagesSent messages accepted for sending
 */
public record SessionStats(long bytesReceived, long messagesReceived, long bytesSent, long messagesSent) {
    /**
     * Adds the counters of another session.
     *
     * @param other the other ones
     * @return the sums
     */
    public SessionStats plus(SessionStats other) {
        return new SessionStats(
                bytesReceived + other.bytesReceived,
                messagesReceived + other.messagesReceived,
                bytesSent + other.bytesSent,
                messagesSent + other.messagesSent);
    }
}

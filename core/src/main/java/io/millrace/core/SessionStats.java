package io.millrace.core;

/**
 * The counters of one session. Immutable.
 *
 * @param bytesReceived bytes read from the connection
 * @param messagesReceived whole messages received
 * @param bytesSent bytes written to the connection
 * @param messagesSent messages accepted for sending
 * @param lateReplies replies dropped because nobody waited for them: they came too late or twice, or to nothing that was
 *     asked
 */
public record SessionStats(
        long bytesReceived, long messagesReceived, long bytesSent, long messagesSent, long lateReplies) {
    /**
     * Makes counters without late replies.
     *
     * @param bytesReceived bytes read from the connection
     * @param messagesReceived whole messages received
     * @param bytesSent bytes written to the connection
     * @param messagesSent messages accepted for sending
     */
    public SessionStats(long bytesReceived, long messagesReceived, long bytesSent, long messagesSent) {
        this(bytesReceived, messagesReceived, bytesSent, messagesSent, 0);
    }

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
                messagesSent + other.messagesSent,
                lateReplies + other.lateReplies);
    }
}

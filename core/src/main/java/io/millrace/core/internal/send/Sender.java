package io.millrace.core.internal.send;

/** What sending needs of its session. */
public interface Sender {
    /** Returns whether requests may still be begun; asked under the send loop's lock. */
    boolean beginsRequests();

    /**
     * Hears that writing has failed, on whatever thread.
     *
     * @param cause why
     */
    void writeFailed(Throwable cause);

    /**
     * Hears that a file cannot be read that is being sent, on whatever thread.
     *
     * @param cause why
     */
    void sourceFailed(Throwable cause);

    /** Hears, on whatever thread, that the queue has passed the high mark, or that something was refused. */
    void sendQueueCongested();

    /** Hears that the queue has fallen to the low mark after it was above the high one. */
    void sendQueueRelieved();

    /** Hears that the end of the stream has been sent. */
    void outputFinished();

    /** Hears that the operations in flight when {@link SendLoop#stop()} was called have completed. */
    void writesStopped();

    /** Hears, on the timer thread, that the peer has read nothing for too long. */
    void writeStalled();

    /**
     * Hears that a message has been written whose sender wants to know.
     *
     * @param marker its end
     */
    void sent(SentMarker marker);
}

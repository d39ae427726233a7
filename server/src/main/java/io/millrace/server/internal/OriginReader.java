package io.millrace.server.internal;

import io.millrace.server.admission.RefusalReason;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;

/**
 * Finds out where connections come from that a proxy has made, by what it says at the start of the stream.
 *
 * <p>Threading: called by any thread, for many connections at once.
 */
interface OriginReader {
    /**
     * Reads what the proxy says. Sooner or later exactly one method of the outcome must be called; the deadline is the
     * reader's own. When the server stops meanwhile it closes the channel, and then takes no notice of the outcome.
     *
     * @param channel the connection; read by nobody else until the outcome is known
     * @param socketAddress whom the system says it comes from, by which to judge whether it is trusted
     * @param outcome whom to tell, on any thread that may open a session: not the timer's
     */
    void read(AsynchronousSocketChannel channel, InetSocketAddress socketAddress, Outcome outcome);

    /** What becomes of a connection. The first call counts. */
    interface Outcome {
        /**
         * Lets the connection go on.
         *
         * @param origin where it comes from: what the filter and the limits go by, and what the session shows
         * @param rest what was read beyond the header, for the session; borrowed, may be empty
         */
        void found(InetSocketAddress origin, ByteBuffer rest);

        /**
         * Refuses the connection.
         *
         * @param reason what is counted and told
         */
        void refused(RefusalReason reason);
    }
}

package io.millrace.core;

import java.time.Duration;
import java.util.Objects;

/**
 * How the sessions of a server or a client behave.
 *
 * <p>Threading: Immutable.
 */
public final class SessionConfig {
    /** The default high mark of a send queue, in bytes: 256 KiB, several round trips of a fast network. */
    public static final int DEFAULT_SEND_HIGH_MARK = 256 << 10;

    /** The default low mark of a send queue, in bytes: 64 KiB, so that the network has work while we wake up. */
    public static final int DEFAULT_SEND_LOW_MARK = 64 << 10;

    /** The default limit of a send queue, in bytes: 4 MiB, beyond which a peer is not slow but stuck. */
    public static final int DEFAULT_SEND_LIMIT = 4 << 20;

    /** The default write-progress deadline: 30 s, longer than any network that still works is silent. */
    public static final Duration DEFAULT_WRITE_PROGRESS_TIMEOUT = Duration.ofSeconds(30);

    private final int sendHighMark;
    private final int sendLowMark;
    private final int sendLimit;
    private final SendOverflowPolicy sendOverflow;
    private final Duration writeProgressTimeout;
    private final boolean tcpNoDelay;
    private final boolean keepAlive;

    private SessionConfig(Builder builder) {
        this.sendHighMark = builder.sendHighMark;
        this.sendLowMark = builder.sendLowMark;
        this.sendLimit = builder.sendLimit;
        this.sendOverflow = builder.sendOverflow;
        this.writeProgressTimeout = builder.writeProgressTimeout;
        this.tcpNoDelay = builder.tcpNoDelay;
        this.keepAlive = builder.keepAlive;
    }

    /**
     * Returns all defaults.
     *
     * @return the default configuration
     */
    public static SessionConfig defaults() {
        return builder().build();
    }

    /**
     * Returns a builder with all defaults.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns a builder with the values of this configuration.
     *
     * @return a new builder
     */
    public Builder toBuilder() {
        return new Builder()
                .sendMarks(sendLowMark, sendHighMark)
                .sendLimit(sendLimit)
                .sendOverflow(sendOverflow)
                .writeProgressTimeout(writeProgressTimeout)
                .tcpNoDelay(tcpNoDelay)
                .keepAlive(keepAlive);
    }

    /**
     * Returns the queue length above which senders are told to slow down, and a server's session stops reading.
     *
     * @return bytes
     */
    public int sendHighMark() {
        return sendHighMark;
    }

    /**
     * Returns the queue length at which a session that stopped reading goes on.
     *
     * @return bytes
     */
    public int sendLowMark() {
        return sendLowMark;
    }

    /**
     * Returns the queue length that is not exceeded, but by a message accepted below the high mark.
     *
     * @return bytes
     */
    public int sendLimit() {
        return sendLimit;
    }

    /**
     * Returns what happens at the limit.
     *
     * @return the policy
     */
    public SendOverflowPolicy sendOverflow() {
        return sendOverflow;
    }

    /**
     * Returns how long a peer may read nothing of what is queued for it.
     *
     * @return the deadline; zero if there is none
     */
    public Duration writeProgressTimeout() {
        return writeProgressTimeout;
    }

    /**
     * Returns whether small writes go out at once.
     *
     * @return true if Nagle's algorithm is off
     * @see java.net.StandardSocketOptions#TCP_NODELAY
     */
    public boolean tcpNoDelay() {
        return tcpNoDelay;
    }

    /**
     * Returns whether the system probes idle connections.
     *
     * @return true if it does
     * @see java.net.StandardSocketOptions#SO_KEEPALIVE
     */
    public boolean keepAlive() {
        return keepAlive;
    }

    @Override
    public String toString() {
        return "SessionConfig[sendLowMark=" + sendLowMark + ", sendHighMark=" + sendHighMark + ", sendLimit="
                + sendLimit + ", sendOverflow=" + sendOverflow + ", writeProgressTimeout=" + writeProgressTimeout
                + ", tcpNoDelay=" + tcpNoDelay + ", keepAlive=" + keepAlive + "]";
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private int sendHighMark = DEFAULT_SEND_HIGH_MARK;
        private int sendLowMark = DEFAULT_SEND_LOW_MARK;
        private int sendLimit = DEFAULT_SEND_LIMIT;
        private SendOverflowPolicy sendOverflow = SendOverflowPolicy.REFUSE_OR_CLOSE_OWN;
        private Duration writeProgressTimeout = DEFAULT_WRITE_PROGRESS_TIMEOUT;
        private boolean tcpNoDelay = true;
        private boolean keepAlive;

        private Builder() {}

        /**
         * Sets the marks of the send queue.
         *
         * @param low bytes at which a paused session goes on, from 0; {@link #DEFAULT_SEND_LOW_MARK} by default
         * @param high bytes above which it pauses, more than {@code low}; {@link #DEFAULT_SEND_HIGH_MARK} by default
         * @return this
         */
        public Builder sendMarks(int low, int high) {
            this.sendLowMark = low;
            this.sendHighMark = high;
            return this;
        }

        /**
         * Sets the limit of the send queue.
         *
         * @param bytes at least the high mark; {@link #DEFAULT_SEND_LIMIT} by default
         * @return this
         */
        public Builder sendLimit(int bytes) {
            this.sendLimit = bytes;
            return this;
        }

        /**
         * Sets what happens at the limit.
         *
         * @param policy {@link SendOverflowPolicy#REFUSE_OR_CLOSE_OWN} by default
         * @return this
         */
        public Builder sendOverflow(SendOverflowPolicy policy) {
            this.sendOverflow = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Sets how long a peer may read nothing of what is queued for it, before its session closes with
         * {@link CloseReason.Kind#STALLED}.
         *
         * @param timeout from 0 (never) to 1 day; {@link #DEFAULT_WRITE_PROGRESS_TIMEOUT} by default
         * @return this
         */
        public Builder writeProgressTimeout(Duration timeout) {
            this.writeProgressTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets whether small writes go out at once.
         *
         * @param noDelay true by default
         * @return this
         * @see java.net.StandardSocketOptions#TCP_NODELAY
         */
        public Builder tcpNoDelay(boolean noDelay) {
            this.tcpNoDelay = noDelay;
            return this;
        }

        /**
         * Sets whether the system probes idle connections.
         *
         * @param probe false by default
         * @return this
         * @see java.net.StandardSocketOptions#SO_KEEPALIVE
         */
        public Builder keepAlive(boolean probe) {
            this.keepAlive = probe;
            return this;
        }

        /**
         * Checks all values together.
         *
         * @return the configuration
         * @throws IllegalArgumentException naming the first value that cannot be
         */
        public SessionConfig build() {
            require(sendLowMark >= 0, "sendLowMark", sendLowMark, "at least 0 bytes");
            require(sendHighMark > sendLowMark, "sendHighMark", sendHighMark, "above sendLowMark, " + sendLowMark);
            require(sendLimit >= sendHighMark, "sendLimit", sendLimit, "at least sendHighMark, " + sendHighMark);
            require(
                    !writeProgressTimeout.isNegative() && writeProgressTimeout.compareTo(Duration.ofDays(1)) <= 0,
                    "writeProgressTimeout",
                    writeProgressTimeout,
                    "from 0 (never) to 1 day");
            return new SessionConfig(this);
        }

        private static void require(boolean valid, String property, Object value, String allowed) {
            if (!valid) {
                throw new IllegalArgumentException(property + " is " + value + "; it must be " + allowed);
            }
        }
    }
}

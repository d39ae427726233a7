package io.millrace.core;

import io.millrace.core.config.Ranges;
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

    /** The default deadline for completing a frame: 2 minutes, in which 16 MiB come over 1 Mbit/s. */
    public static final Duration DEFAULT_FRAME_TIMEOUT = Duration.ofMinutes(2);

    private static final String OFF = "off";

    private final int sendHighMark;
    private final int sendLowMark;
    private final int sendLimit;
    private final SendOverflowPolicy sendOverflow;
    private final Duration writeProgressTimeout;
    private final int minWriteProgressBytes;
    private final Duration idleTimeout;
    private final Duration readIdleTimeout;
    private final Duration writeIdleTimeout;
    private final Duration firstFrameTimeout;
    private final Duration frameTimeout;
    private final HeartbeatConfig heartbeat;
    private final boolean halfClose;
    private final SocketConfig socket;

    private SessionConfig(Builder builder) {
        this.sendHighMark = builder.sendHighMark;
        this.sendLowMark = builder.sendLowMark;
        this.sendLimit = builder.sendLimit;
        this.sendOverflow = builder.sendOverflow;
        this.writeProgressTimeout = builder.writeProgressTimeout;
        this.minWriteProgressBytes = builder.minWriteProgressBytes;
        this.idleTimeout = builder.idleTimeout;
        this.readIdleTimeout = builder.readIdleTimeout;
        this.writeIdleTimeout = builder.writeIdleTimeout;
        this.firstFrameTimeout = builder.firstFrameTimeout;
        this.frameTimeout = builder.frameTimeout;
        this.heartbeat = builder.heartbeat;
        this.halfClose = builder.halfClose;
        this.socket = builder.socket;
    }

    /** {@return the default configuration} */
    public static SessionConfig defaults() {
        return builder().build();
    }

    /** {@return a new builder with all defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a new builder with the values of this configuration} */
    public Builder toBuilder() {
        return new Builder()
                .sendMarks(sendLowMark, sendHighMark)
                .sendLimit(sendLimit)
                .sendOverflow(sendOverflow)
                .writeProgressTimeout(writeProgressTimeout)
                .minWriteProgressBytes(minWriteProgressBytes)
                .idleTimeout(idleTimeout)
                .readIdleTimeout(readIdleTimeout)
                .writeIdleTimeout(writeIdleTimeout)
                .firstFrameTimeout(firstFrameTimeout)
                .frameTimeout(frameTimeout)
                .heartbeat(heartbeat)
                .halfClose(halfClose)
                .socket(socket);
    }

    /**
     * {@return the queue length, in bytes, above which senders are told to slow down, and a server's session stops
     * reading}
     */
    public int sendHighMark() {
        return sendHighMark;
    }

    /** {@return the queue length, in bytes, at which a session that stopped reading goes on} */
    public int sendLowMark() {
        return sendLowMark;
    }

    /** {@return the queue length, in bytes, that is not exceeded but by a message accepted below the high mark} */
    public int sendLimit() {
        return sendLimit;
    }

    /** {@return what happens at the limit} */
    public SendOverflowPolicy sendOverflow() {
        return sendOverflow;
    }

    /** {@return how long a peer may read nothing of what is queued for it; zero if for ever} */
    public Duration writeProgressTimeout() {
        return writeProgressTimeout;
    }

    /** {@return the least, in bytes, that must be written in each {@link #writeProgressTimeout()}} */
    public int minWriteProgressBytes() {
        return minWriteProgressBytes;
    }

    /** {@return how long a session lives on which nothing is received and nothing written; zero if for ever} */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** {@return how long a session lives on which nothing is received; zero if for ever} */
    public Duration readIdleTimeout() {
        return readIdleTimeout;
    }

    /** {@return how long a session lives on which nothing is written; zero if for ever} */
    public Duration writeIdleTimeout() {
        return writeIdleTimeout;
    }

    /** {@return how long a peer may take from the open to the end of its first frame; zero if for ever} */
    public Duration firstFrameTimeout() {
        return firstFrameTimeout;
    }

    /** {@return how long a peer may take from the first byte of a frame to its last; zero if for ever} */
    public Duration frameTimeout() {
        return frameTimeout;
    }

    /** {@return whether and how a session makes sure that its peer is alive} */
    public HeartbeatConfig heartbeat() {
        return heartbeat;
    }

    /** {@return whether only the application closes a session whose peer has finished sending} */
    public boolean halfClose() {
        return halfClose;
    }

    /** {@return the socket options} */
    public SocketConfig socket() {
        return socket;
    }

    @Override
    public String toString() {
        return "SessionConfig[sendLowMark=" + sendLowMark + ", sendHighMark=" + sendHighMark + ", sendLimit="
                + sendLimit + ", sendOverflow=" + sendOverflow + ", writeProgressTimeout=" + writeProgressTimeout
                + ", minWriteProgressBytes=" + minWriteProgressBytes + ", idleTimeout=" + idleTimeout
                + ", readIdleTimeout=" + readIdleTimeout + ", writeIdleTimeout=" + writeIdleTimeout
                + ", firstFrameTimeout=" + firstFrameTimeout + ", frameTimeout=" + frameTimeout + ", heartbeat="
                + heartbeat + ", halfClose="
                + halfClose + ", socket=" + socket + "]";
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private int sendHighMark = DEFAULT_SEND_HIGH_MARK;
        private int sendLowMark = DEFAULT_SEND_LOW_MARK;
        private int sendLimit = DEFAULT_SEND_LIMIT;
        private SendOverflowPolicy sendOverflow = SendOverflowPolicy.REFUSE_OR_CLOSE_OWN;
        private Duration writeProgressTimeout = DEFAULT_WRITE_PROGRESS_TIMEOUT;
        private int minWriteProgressBytes = 1;
        private Duration idleTimeout = Duration.ZERO;
        private Duration readIdleTimeout = Duration.ZERO;
        private Duration writeIdleTimeout = Duration.ZERO;
        private Duration firstFrameTimeout = Duration.ZERO;
        private Duration frameTimeout = DEFAULT_FRAME_TIMEOUT;
        private HeartbeatConfig heartbeat = HeartbeatConfig.off();
        private boolean halfClose;
        private SocketConfig socket = SocketConfig.defaults();

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
         * Sets the least that must be written in each {@link #writeProgressTimeout}, so that a peer that reads a byte
         * now and then is stalled too. Less is enough if less is queued.
         *
         * @param bytes from 1; 1 by default
         * @return this
         */
        public Builder minWriteProgressBytes(int bytes) {
            this.minWriteProgressBytes = bytes;
            return this;
        }

        /**
         * Sets how long a session lives on which nothing is received and nothing written, before it closes with
         * {@link CloseReason.Kind#IDLE}.
         *
         * @param timeout from 0 (off) to 365 days; 0 by default
         * @return this
         */
        public Builder idleTimeout(Duration timeout) {
            this.idleTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets how long a session lives on which nothing is received, as {@link #idleTimeout} does.
         *
         * @param timeout from 0 (off) to 365 days; 0 by default
         * @return this
         */
        public Builder readIdleTimeout(Duration timeout) {
            this.readIdleTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets how long a session lives on which nothing is written, as {@link #idleTimeout} does.
         *
         * @param timeout from 0 (off) to 365 days; 0 by default
         * @return this
         */
        public Builder writeIdleTimeout(Duration timeout) {
            this.writeIdleTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets how long a peer may take from the open of the session to the end of its first frame, before the session
         * closes with {@link CloseReason.Kind#TIMEOUT}.
         *
         * @param timeout from 0 (off) to 365 days; 0 by default
         * @return this
         */
        public Builder firstFrameTimeout(Duration timeout) {
            this.firstFrameTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets how long a peer may take from the first byte of a frame to its last, before the session closes with
         * {@link CloseReason.Kind#TIMEOUT}.
         *
         * @param timeout from 0 (off) to 365 days; {@link #DEFAULT_FRAME_TIMEOUT} by default
         * @return this
         */
        public Builder frameTimeout(Duration timeout) {
            this.frameTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets whether and how a session makes sure that its peer is alive.
         *
         * @param config {@link HeartbeatConfig#off()} by default; the protocol must have a heartbeat
         * @return this
         */
        public Builder heartbeat(HeartbeatConfig config) {
            this.heartbeat = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Sets whether a session lives on after its peer has finished sending.
         *
         * @param keepOpen true if only the application closes it then; false by default: once everything is delivered,
         *     answered and sent, it closes by itself
         * @return this
         */
        public Builder halfClose(boolean keepOpen) {
            this.halfClose = keepOpen;
            return this;
        }

        /**
         * Sets the socket options, all of them.
         *
         * @param config {@link SocketConfig#defaults()} by default
         * @return this
         */
        public Builder socket(SocketConfig config) {
            this.socket = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Sets whether small writes go out at once, and leaves the other socket options as they are.
         *
         * @param noDelay true by default
         * @return this
         * @see java.net.StandardSocketOptions#TCP_NODELAY
         */
        public Builder tcpNoDelay(boolean noDelay) {
            return socket(socket.toBuilder().tcpNoDelay(noDelay).build());
        }

        /**
         * Sets whether the system probes idle connections, and leaves the other socket options as they are.
         *
         * @param probe false by default
         * @return this
         * @see java.net.StandardSocketOptions#SO_KEEPALIVE
         */
        public Builder keepAlive(boolean probe) {
            return socket(socket.toBuilder().keepAlive(probe).build());
        }

        /**
         * Sets what is in a section of a settings file: the properties of this builder by their names, the socket
         * options in its section {@code socket}.
         *
         * @param settings the section
         * @return this
         * @throws SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.size("sendLowMark", bytes -> sendMarks(bytes, sendHighMark));
                in.size("sendHighMark", bytes -> sendMarks(sendLowMark, bytes));
                in.size("sendLimit", this::sendLimit);
                in.choice("sendOverflow", SendOverflowPolicy.values(), this::sendOverflow);
                in.duration("writeProgressTimeout", this::writeProgressTimeout);
                in.size("minWriteProgressBytes", this::minWriteProgressBytes);
                in.duration("idleTimeout", this::idleTimeout);
                in.duration("readIdleTimeout", this::readIdleTimeout);
                in.duration("writeIdleTimeout", this::writeIdleTimeout);
                in.duration("firstFrameTimeout", this::firstFrameTimeout);
                in.duration("frameTimeout", this::frameTimeout);
                in.duration("heartbeatInterval", this::heartbeatInterval);
                in.duration("heartbeatTimeout", timeout -> heartbeat(heartbeat.timeout(timeout)));
                in.flag("halfClose", this::halfClose);
                in.section(
                        "socket",
                        options -> socket(socket.toBuilder().settings(options).build()));
            });
            return this;
        }

        private void heartbeatInterval(Duration interval) {
            HeartbeatConfig config = interval.isZero() ? HeartbeatConfig.off() : HeartbeatConfig.every(interval);
            heartbeat(config.timeout(heartbeat.timeout()));
        }

        /**
         * Checks all values together.
         *
         * @return the configuration
         * @throws IllegalArgumentException naming the first value that cannot be
         */
        public SessionConfig build() {
            Ranges.require("sendLowMark", sendLowMark, 0, Long.MAX_VALUE, "bytes");
            Ranges.require(
                    sendHighMark > sendLowMark,
                    "sendHighMark",
                    sendHighMark,
                    "above sendLowMark, " + sendLowMark + " bytes");
            Ranges.require(
                    sendLimit >= sendHighMark,
                    "sendLimit",
                    sendLimit,
                    "at least sendHighMark, " + sendHighMark + " bytes");
            Ranges.requireFromZero("writeProgressTimeout", writeProgressTimeout, 1, "never");
            Ranges.require("minWriteProgressBytes", minWriteProgressBytes, 1, Long.MAX_VALUE, "bytes");
            Ranges.requireFromZero("idleTimeout", idleTimeout, 365, OFF);
            Ranges.requireFromZero("readIdleTimeout", readIdleTimeout, 365, OFF);
            Ranges.requireFromZero("writeIdleTimeout", writeIdleTimeout, 365, OFF);
            Ranges.requireFromZero("firstFrameTimeout", firstFrameTimeout, 365, OFF);
            Ranges.requireFromZero("frameTimeout", frameTimeout, 365, OFF);
            return new SessionConfig(this);
        }
    }
}

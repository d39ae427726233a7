package io.millrace.core;

import java.time.Duration;

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

    /** How many requests of one peer may be in progress by default: 1,024. */
    public static final int DEFAULT_REQUESTS_IN_PROGRESS = 1_024;

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
    private final Duration maxAge;
    private final int requestsInProgress;
    private final int requestLimit;
    private final boolean halfClose;
    private final SocketConfig socket;

    SessionConfig(SessionConfigBuilder builder) {
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
        this.maxAge = builder.maxAge;
        this.requestsInProgress = builder.requestsInProgress;
        this.requestLimit = builder.requestLimit;
        this.halfClose = builder.halfClose;
        this.socket = builder.socket;
    }

    /** {@return the default configuration} */
    public static SessionConfig defaults() {
        return builder().build();
    }

    /** {@return a new builder with all defaults} */
    public static SessionConfigBuilder builder() {
        return new SessionConfigBuilder();
    }

    /** {@return a new builder with the values of this configuration} */
    public SessionConfigBuilder toBuilder() {
        return new SessionConfigBuilder()
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
                .maxAge(maxAge)
                .requestsInProgress(requestsInProgress)
                .requestLimit(requestLimit)
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

    /** {@return how long a session lives, more or less a tenth, before it drains; zero if for ever} */
    public Duration maxAge() {
        return maxAge;
    }

    /** {@return how many requests of the peer's may be in progress} */
    public int requestsInProgress() {
        return requestsInProgress;
    }

    /** {@return after how many requests of the peer's a session drains; 0 if after none} */
    public int requestLimit() {
        return requestLimit;
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
                + heartbeat + ", maxAge=" + maxAge + ", requestsInProgress=" + requestsInProgress + ", requestLimit="
                + requestLimit + ", halfClose="
                + halfClose + ", socket=" + socket + "]";
    }
}

package io.millrace.core;

import io.millrace.core.config.Ranges;
import java.time.Duration;
import java.util.Objects;

/** Collects how sessions behave. Not thread-safe. */
public final class SessionConfigBuilder {
    private static final String OFF = "off";

    int sendHighMark = SessionConfig.DEFAULT_SEND_HIGH_MARK;
    int sendLowMark = SessionConfig.DEFAULT_SEND_LOW_MARK;
    int sendLimit = SessionConfig.DEFAULT_SEND_LIMIT;
    SendOverflowPolicy sendOverflow = SendOverflowPolicy.REFUSE_OR_CLOSE_OWN;
    Duration writeProgressTimeout = SessionConfig.DEFAULT_WRITE_PROGRESS_TIMEOUT;
    int minWriteProgressBytes = 1;
    Duration idleTimeout = Duration.ZERO;
    Duration readIdleTimeout = Duration.ZERO;
    Duration writeIdleTimeout = Duration.ZERO;
    Duration firstFrameTimeout = Duration.ZERO;
    Duration frameTimeout = SessionConfig.DEFAULT_FRAME_TIMEOUT;
    HeartbeatConfig heartbeat = HeartbeatConfig.off();
    Duration maxAge = Duration.ZERO;
    int requestsInProgress = SessionConfig.DEFAULT_REQUESTS_IN_PROGRESS;
    int requestLimit;
    boolean halfClose;
    SocketConfig socket = SocketConfig.defaults();

    SessionConfigBuilder() {}

    /**
     * Sets the marks of the send queue.
     *
     * @param low bytes at which a paused session goes on, from 0; {@link SessionConfig#DEFAULT_SEND_LOW_MARK} by default
     * @param high bytes above which it pauses, more than {@code low}; {@link SessionConfig#DEFAULT_SEND_HIGH_MARK} by default
     * @return this
     */
    public SessionConfigBuilder sendMarks(int low, int high) {
        this.sendLowMark = low;
        this.sendHighMark = high;
        return this;
    }

    /**
     * Sets the limit of the send queue.
     *
     * @param bytes at least the high mark; {@link SessionConfig#DEFAULT_SEND_LIMIT} by default
     * @return this
     */
    public SessionConfigBuilder sendLimit(int bytes) {
        this.sendLimit = bytes;
        return this;
    }

    /**
     * Sets what happens at the limit.
     *
     * @param policy {@link SendOverflowPolicy#REFUSE_OR_CLOSE_OWN} by default
     * @return this
     */
    public SessionConfigBuilder sendOverflow(SendOverflowPolicy policy) {
        this.sendOverflow = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Sets how long a peer may read nothing of what is queued for it, before its session closes with
     * {@link CloseReason.Kind#STALLED}.
     *
     * @param timeout from 0 (never) to 1 day; {@link SessionConfig#DEFAULT_WRITE_PROGRESS_TIMEOUT} by default
     * @return this
     */
    public SessionConfigBuilder writeProgressTimeout(Duration timeout) {
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
    public SessionConfigBuilder minWriteProgressBytes(int bytes) {
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
    public SessionConfigBuilder idleTimeout(Duration timeout) {
        this.idleTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets how long a session lives on which nothing is received, as {@link #idleTimeout} does.
     *
     * @param timeout from 0 (off) to 365 days; 0 by default
     * @return this
     */
    public SessionConfigBuilder readIdleTimeout(Duration timeout) {
        this.readIdleTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets how long a session lives on which nothing is written, as {@link #idleTimeout} does.
     *
     * @param timeout from 0 (off) to 365 days; 0 by default
     * @return this
     */
    public SessionConfigBuilder writeIdleTimeout(Duration timeout) {
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
    public SessionConfigBuilder firstFrameTimeout(Duration timeout) {
        this.firstFrameTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets how long a peer may take from the first byte of a frame to its last, before the session closes with
     * {@link CloseReason.Kind#TIMEOUT}.
     *
     * @param timeout from 0 (off) to 365 days; {@link SessionConfig#DEFAULT_FRAME_TIMEOUT} by default
     * @return this
     */
    public SessionConfigBuilder frameTimeout(Duration timeout) {
        this.frameTimeout = Objects.requireNonNull(timeout, "timeout");
        return this;
    }

    /**
     * Sets whether and how a session makes sure that its peer is alive.
     *
     * @param config {@link HeartbeatConfig#off()} by default; the protocol must have a heartbeat
     * @return this
     */
    public SessionConfigBuilder heartbeat(HeartbeatConfig config) {
        this.heartbeat = Objects.requireNonNull(config, "config");
        return this;
    }

    /**
     * Sets how long a session lives before it drains (see {@link Session#drain}), so that connections move on to new
     * servers behind a balancer. Each session differs by up to a tenth, so that they do not all go at once.
     *
     * @param age from 0 (for ever) to 365 days; 0 by default
     * @return this
     */
    public SessionConfigBuilder maxAge(Duration age) {
        this.maxAge = Objects.requireNonNull(age, "age");
        return this;
    }

    /**
     * Sets how many requests of the peer's may be in progress. Where the protocol has error replies those beyond are
     * answered with {@link ErrorCode#BUSY}; elsewhere nothing more is read until some have been answered.
     *
     * @param count from 1; {@link SessionConfig#DEFAULT_REQUESTS_IN_PROGRESS} by default
     * @return this
     */
    public SessionConfigBuilder requestsInProgress(int count) {
        this.requestsInProgress = count;
        return this;
    }

    /**
     * Sets after how many requests of the peer's a session drains (see {@link Session#drain}): with 1 there is one
     * exchange per connection.
     *
     * @param count from 0 (no limit); 0 by default
     * @return this
     */
    public SessionConfigBuilder requestLimit(int count) {
        this.requestLimit = count;
        return this;
    }

    /**
     * Sets whether a session lives on after its peer has finished sending.
     *
     * @param keepOpen true if only the application closes it then; false by default: once everything is delivered,
     *     answered and sent, it closes by itself
     * @return this
     */
    public SessionConfigBuilder halfClose(boolean keepOpen) {
        this.halfClose = keepOpen;
        return this;
    }

    /**
     * Sets the socket options, all of them.
     *
     * @param config {@link SocketConfig#defaults()} by default
     * @return this
     */
    public SessionConfigBuilder socket(SocketConfig config) {
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
    public SessionConfigBuilder tcpNoDelay(boolean noDelay) {
        return socket(socket.toBuilder().tcpNoDelay(noDelay).build());
    }

    /**
     * Sets whether the system probes idle connections, and leaves the other socket options as they are.
     *
     * @param probe false by default
     * @return this
     * @see java.net.StandardSocketOptions#SO_KEEPALIVE
     */
    public SessionConfigBuilder keepAlive(boolean probe) {
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
    public SessionConfigBuilder settings(Settings settings) {
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
            in.duration("heartbeatInterval", interval -> heartbeat(heartbeat.interval(interval)));
            in.duration("heartbeatTimeout", timeout -> heartbeat(heartbeat.timeout(timeout)));
            in.whole("heartbeatMaxMissed", count -> heartbeat(heartbeat.maxMissed(count)));
            in.whole("maxPingsPerSecond", count -> heartbeat(heartbeat.maxPingsPerSecond(count)));
            in.duration("maxAge", this::maxAge);
            in.whole("requestsInProgress", this::requestsInProgress);
            in.whole("requestLimit", this::requestLimit);
            in.flag("halfClose", this::halfClose);
            in.section(
                    "socket",
                    options -> socket(socket.toBuilder().settings(options).build()));
        });
        return this;
    }

    /**
     * Checks all values together.
     *
     * @return the configuration
     * @throws IllegalArgumentException naming the first value that cannot be
     */
    public SessionConfig build() {
        Ranges.require("sendLowMark", sendLowMark, 0, Long.MAX_VALUE, "bytes");
        Ranges.requireBytes(sendHighMark > sendLowMark, "sendHighMark", sendHighMark, "above sendLowMark", sendLowMark);
        Ranges.requireBytes(sendLimit >= sendHighMark, "sendLimit", sendLimit, "at least sendHighMark", sendHighMark);
        Ranges.requireFromZero("writeProgressTimeout", writeProgressTimeout, 1, "never");
        Ranges.require("minWriteProgressBytes", minWriteProgressBytes, 1, Long.MAX_VALUE, "bytes");
        Ranges.requireFromZero("idleTimeout", idleTimeout, 365, OFF);
        Ranges.requireFromZero("readIdleTimeout", readIdleTimeout, 365, OFF);
        Ranges.requireFromZero("writeIdleTimeout", writeIdleTimeout, 365, OFF);
        Ranges.requireFromZero("firstFrameTimeout", firstFrameTimeout, 365, OFF);
        Ranges.requireFromZero("frameTimeout", frameTimeout, 365, OFF);
        Ranges.requireFromZero("maxAge", maxAge, 365, "for ever");
        Ranges.require("requestsInProgress", requestsInProgress, 1, Long.MAX_VALUE, "requests");
        Ranges.require("requestLimit", requestLimit, 0, Long.MAX_VALUE, "requests");
        return new SessionConfig(this);
    }
}

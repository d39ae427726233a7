package io.millrace.core;

import io.millrace.core.config.Ranges;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The socket options of connections. What is not set here is left to the system.
 *
 * <p>Values are checked by {@link Builder#build()}. Whether the platform has an option is found out when a server is
 * bound or a client is built with it, because that depends on the engine of the group.
 *
 * <p>Threading: Immutable.
 */
public final class SocketConfig {
    /** The largest socket buffer that can be asked for, in bytes: 1 GiB. */
    public static final int MAX_BUFFER = 1 << 30;

    private static final String NO_DELAY = StandardSocketOptions.TCP_NODELAY.name();
    private static final String KEEP_ALIVE = StandardSocketOptions.SO_KEEPALIVE.name();
    private static final String KEEP_IDLE = "TCP_KEEPIDLE";
    private static final String KEEP_INTERVAL = "TCP_KEEPINTERVAL";
    private static final String KEEP_COUNT = "TCP_KEEPCOUNT";
    private static final String RECEIVE_BUFFER = StandardSocketOptions.SO_RCVBUF.name();
    private static final String SEND_BUFFER = StandardSocketOptions.SO_SNDBUF.name();
    private static final String TYPE_OF_SERVICE = StandardSocketOptions.IP_TOS.name();
    private static final String QUICK_ACK = "TCP_QUICKACK";
    private static final int MAX_KEEP_SECONDS = 32_767;
    private static final int MAX_KEEP_COUNT = 127;

    private final Map<String, Object> options;

    private SocketConfig(Map<String, Object> options) {
        this.options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /**
     * Returns all defaults: TCP_NODELAY on, everything else the system's.
     *
     * @return the default options
     */
    public static SocketConfig defaults() {
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
        Builder builder = new Builder();
        builder.options.putAll(options);
        return builder;
    }

    /**
     * Returns whether small writes go out at once.
     *
     * @return true if Nagle's algorithm is off
     * @see StandardSocketOptions#TCP_NODELAY
     */
    public boolean tcpNoDelay() {
        return Boolean.TRUE.equals(options.get(NO_DELAY));
    }

    /**
     * Returns whether the system probes idle connections.
     *
     * @return true if it does
     * @see StandardSocketOptions#SO_KEEPALIVE
     */
    public boolean keepAlive() {
        return Boolean.TRUE.equals(options.get(KEEP_ALIVE));
    }

    /**
     * Returns an option.
     *
     * @param <T> the type of its value
     * @param option which one
     * @return its value, or null if it is left to the system
     */
    public <T> @Nullable T option(SocketOption<T> option) {
        Object value = options.get(option.name());
        return value == null ? null : option.type().cast(value);
    }

    /**
     * Returns all options that are set.
     *
     * @return values by the standard names of the options, unmodifiable
     */
    public Map<String, Object> options() {
        return options;
    }

    @Override
    public String toString() {
        return "SocketConfig" + options;
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private final Map<String, Object> options = new LinkedHashMap<>();

        private Builder() {
            options.put(NO_DELAY, true);
            options.put(KEEP_ALIVE, false);
        }

        /**
         * Sets whether small writes go out at once.
         *
         * @param noDelay true by default
         * @return this
         * @see StandardSocketOptions#TCP_NODELAY
         */
        public Builder tcpNoDelay(boolean noDelay) {
            return option(StandardSocketOptions.TCP_NODELAY, noDelay);
        }

        /**
         * Sets whether the system probes idle connections.
         *
         * @param probe false by default
         * @return this
         * @see StandardSocketOptions#SO_KEEPALIVE
         */
        public Builder keepAlive(boolean probe) {
            return option(StandardSocketOptions.SO_KEEPALIVE, probe);
        }

        /**
         * Turns the system's probes of idle connections on and says when they are sent. Not every platform lets this
         * be set.
         *
         * @param idle how long a connection is idle before the first probe: whole seconds, from 1 to 32,767
         * @param interval how long between two probes: whole seconds, from 1 to 32,767
         * @param count how many probes may go unanswered before the connection is reset, from 1 to 127
         * @return this
         */
        public Builder keepAliveTimers(Duration idle, Duration interval, int count) {
            options.put(KEEP_ALIVE, true);
            options.put(KEEP_IDLE, Objects.requireNonNull(idle, "idle"));
            options.put(KEEP_INTERVAL, Objects.requireNonNull(interval, "interval"));
            options.put(KEEP_COUNT, count);
            return this;
        }

        /**
         * Sets the size of the system's receive buffer. It is set on a server's listening channel too, and before a
         * client connects, because the window that a connection can grow to is agreed on when it is made.
         *
         * @param bytes from 1 to {@link #MAX_BUFFER}; the system may use more or less; the system's choice by default,
         *     which grows with the speed of a connection and is hard to better
         * @return this
         * @see StandardSocketOptions#SO_RCVBUF
         */
        public Builder receiveBuffer(int bytes) {
            return option(StandardSocketOptions.SO_RCVBUF, bytes);
        }

        /**
         * Sets the size of the system's send buffer.
         *
         * @param bytes from 1 to {@link #MAX_BUFFER}; the system may use more or less; the system's choice by default
         * @return this
         * @see StandardSocketOptions#SO_SNDBUF
         */
        public Builder sendBuffer(int bytes) {
            return option(StandardSocketOptions.SO_SNDBUF, bytes);
        }

        /**
         * Sets any option of a connection, such as those of {@code jdk.net.ExtendedSocketOptions}.
         *
         * @param <T> the type of its value
         * @param option which one
         * @param value its value
         * @return this
         */
        public <T> Builder option(SocketOption<T> option, T value) {
            options.put(Objects.requireNonNull(option, "option").name(), Objects.requireNonNull(value, "value"));
            return this;
        }

        /**
         * Sets what is in a section of a settings file: {@code tcpNoDelay}, {@code keepAlive}, {@code keepAliveIdle},
         * {@code keepAliveInterval}, {@code keepAliveCount}, {@code receiveBuffer}, {@code sendBuffer},
         * {@code quickAck}, {@code typeOfService}.
         *
         * @param settings the section
         * @return this
         * @throws SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.flag("tcpNoDelay", this::tcpNoDelay);
                in.flag("keepAlive", this::keepAlive);
                in.duration("keepAliveIdle", idle -> options.put(KEEP_IDLE, seconds(KEEP_IDLE, idle)));
                in.duration("keepAliveInterval", pause -> options.put(KEEP_INTERVAL, seconds(KEEP_INTERVAL, pause)));
                in.whole("keepAliveCount", count -> options.put(KEEP_COUNT, checked(KEEP_COUNT, count)));
                in.size("receiveBuffer", bytes -> options.put(RECEIVE_BUFFER, checked(RECEIVE_BUFFER, bytes)));
                in.size("sendBuffer", bytes -> options.put(SEND_BUFFER, checked(SEND_BUFFER, bytes)));
                in.flag("quickAck", on -> options.put(QUICK_ACK, on));
                in.whole("typeOfService", value -> options.put(TYPE_OF_SERVICE, checked(TYPE_OF_SERVICE, value)));
            });
            return this;
        }

        /**
         * Checks all values.
         *
         * @return the configuration
         * @throws IllegalArgumentException naming the first option that cannot be set, or its range
         */
        public SocketConfig build() {
            options.replaceAll(Builder::checked);
            for (String timer : List.of(KEEP_IDLE, KEEP_INTERVAL, KEEP_COUNT)) {
                if (options.containsKey(timer) && Boolean.FALSE.equals(options.get(KEEP_ALIVE))) {
                    throw new IllegalArgumentException(
                            timer + " has no effect while SO_KEEPALIVE is off: set keepAlive");
                }
            }
            return new SocketConfig(options);
        }

        private static Object checked(String option, Object value) {
            switch (option) {
                case "SO_LINGER" ->
                    throw new IllegalArgumentException("SO_LINGER cannot be set: it would make closing"
                            + " block an I/O thread or drop what is queued. Session.close() sends what is queued and lingers;"
                            + " Session.abort() drops it");
                case "SO_REUSEADDR", "SO_REUSEPORT" ->
                    throw new IllegalArgumentException(
                            option + " is an option of listening channels: set it on the builder of the server");
                case "SO_RCVBUF", "SO_SNDBUF" -> Ranges.require(option, whole(option, value), 1, MAX_BUFFER, "bytes");
                case "IP_TOS" -> Ranges.require(option, whole(option, value), 0, 255, "as one unsigned byte");
                case KEEP_COUNT -> Ranges.require(option, whole(option, value), 1, MAX_KEEP_COUNT, "probes");
                case KEEP_IDLE, KEEP_INTERVAL -> {
                    return seconds(option, value);
                }
                case "TCP_NODELAY", "SO_KEEPALIVE", "TCP_QUICKACK" ->
                    Ranges.require(value instanceof Boolean, option, value, "true or false");
                default -> {
                    // Whoever sets an option that we do not know knows its range.
                }
            }
            return value;
        }

        private static int whole(String option, Object value) {
            Ranges.require(value instanceof Integer, option, value, "a whole number");
            return (Integer) value;
        }

        private static Integer seconds(String option, Object value) {
            if (value instanceof Duration duration) {
                Ranges.require(
                        duration.getNano() == 0
                                && duration.getSeconds() >= 1
                                && duration.getSeconds() <= MAX_KEEP_SECONDS,
                        option,
                        value,
                        "whole seconds from 1 to " + MAX_KEEP_SECONDS);
                return (int) duration.getSeconds();
            }
            Ranges.require(option, whole(option, value), 1, MAX_KEEP_SECONDS, "seconds");
            return (Integer) value;
        }
    }
}

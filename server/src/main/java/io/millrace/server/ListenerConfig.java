package io.millrace.server;

import io.millrace.core.Settings;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The socket options of a listening channel. What is not set here is left to the system. The options of its
 * connections are those of {@link io.millrace.core.SessionConfig#socket()}; their receive buffer is set on the
 * listening channel too, because connections inherit it.
 *
 * <p>Whether the platform has an option is found out when a server is bound.
 *
 * <p>Threading: Immutable.
 */
public final class ListenerConfig {
    private final Map<String, Object> options;

    private ListenerConfig(Map<String, Object> options) {
        this.options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
    }

    /** {@return all defaults: the system's} */
    public static ListenerConfig defaults() {
        return builder().build();
    }

    /** {@return a new builder with all defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a new builder with the values of this configuration} */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.options.putAll(options);
        return builder;
    }

    /** {@return the options that are set, by their standard names; unmodifiable} */
    public Map<String, Object> options() {
        return options;
    }

    @Override
    public String toString() {
        return "ListenerConfig" + options;
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private final Map<String, Object> options = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Sets whether the address may be bound although connections of an earlier server linger on it.
         *
         * @param reuse the system's choice by default: true on Unix; false on Windows, where true would let two servers
         *     take the same port
         * @return this
         * @see StandardSocketOptions#SO_REUSEADDR
         */
        public Builder reuseAddress(boolean reuse) {
            return option(StandardSocketOptions.SO_REUSEADDR, reuse);
        }

        /**
         * Sets whether several servers may listen on the address and share its connections, where the system can.
         *
         * @param reuse false by default
         * @return this
         * @see StandardSocketOptions#SO_REUSEPORT
         */
        public Builder reusePort(boolean reuse) {
            return option(StandardSocketOptions.SO_REUSEPORT, reuse);
        }

        /**
         * Sets any option of the listening channel.
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
         * Sets what is in a section of a settings file: {@code reuseAddress} and {@code reusePort}.
         *
         * @param settings the section
         * @return this
         * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.flag("reuseAddress", this::reuseAddress);
                in.flag("reusePort", this::reusePort);
            });
            return this;
        }

        /** {@return the configuration} */
        public ListenerConfig build() {
            return new ListenerConfig(options);
        }
    }
}

package io.millrace.server;

import io.millrace.core.Session;
import io.millrace.core.Settings;
import io.millrace.core.config.Ranges;
import io.millrace.server.admission.Cidr;
import io.millrace.server.internal.proxy.ProxyHeaderDecoder;
import io.millrace.server.internal.proxy.ProxyRules;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Which proxies a server stands behind, and that they say who the client is: with the PROXY protocol of HAProxy,
 * version 1 or 2, which cloud balancers speak too.
 *
 * <p>Whom to believe is judged by the address that a connection comes from, and by nothing that it sends. From a
 * trusted proxy the header is required, before anything else and within {@link #headerTimeout()}: without it the
 * connection is closed and the application never hears of it. Then the session opens with the client's address as its
 * remote address, and has the attribute {@link ProxyHeader#KEY}. A header that names no client with a TCP address
 * (LOCAL, UNKNOWN, UNSPEC, UDP, Unix sockets) leaves the session the proxy's address.
 *
 * <p>Connections from other addresses are refused. With {@link Builder#allowDirect} they are taken as clients of their
 * own and must not send a header: one that does is closed with
 * {@link io.millrace.core.CloseReason.Kind#PROTOCOL} before the application gets a message. Such a session opens at
 * once, so a server that speaks first does; messages wait only as long as all that has come, at most 11 bytes, could
 * still become a header: for nearly every client that is decided by the first byte. Until the first message has come
 * such a session must not be upgraded, or a header would go to the new protocol.
 *
 * <p>Do not trust addresses that clients can connect from: they could name any address as theirs.
 *
 * <p>Threading: Immutable.
 */
public final class ProxyProtocol {
    /** The default time that a header may take: 5 s, for the first packet of a connection may be lost and repeated. */
    public static final Duration DEFAULT_HEADER_TIMEOUT = Duration.ofSeconds(5);

    private final List<Cidr> trusted;
    private final Duration headerTimeout;
    private final boolean directAllowed;

    private ProxyProtocol(Builder builder) {
        this.trusted = List.copyOf(builder.trusted);
        this.headerTimeout = builder.headerTimeout;
        this.directAllowed = builder.directAllowed;
    }

    /** {@return a new builder that trusts nobody yet} */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns the defaults with trusted proxies.
     *
     * @param blocks where they are, in CIDR notation; at least one
     * @return the configuration
     * @throws IllegalArgumentException if there is none, or one is no such block
     */
    public static ProxyProtocol trusting(String... blocks) {
        return builder().trust(blocks).build();
    }

    /** {@return a new builder with the values of this configuration} */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.trusted.addAll(trusted);
        builder.headerTimeout = headerTimeout;
        builder.directAllowed = directAllowed;
        return builder;
    }

    /** {@return where the trusted proxies are; unmodifiable} */
    public List<Cidr> trusted() {
        return trusted;
    }

    /** {@return how long a header may take} */
    public Duration headerTimeout() {
        return headerTimeout;
    }

    /** {@return whether clients may come without a proxy} */
    public boolean isDirectAllowed() {
        return directAllowed;
    }

    /**
     * Returns whether a proxy is trusted at an address.
     *
     * @param address where a connection comes from
     * @return true if it is in one of the blocks
     */
    public boolean isTrusted(InetAddress address) {
        for (Cidr block : trusted) {
            if (block.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /** Returns this as the reader of headers sees it. */
    ProxyRules rules() {
        long headerTimeoutNanos = headerTimeout.toNanos();
        return new ProxyRules() {
            @Override
            public boolean trusts(InetAddress proxy) {
                return isTrusted(proxy);
            }

            @Override
            public boolean allowsDirect() {
                return directAllowed;
            }

            @Override
            public long headerTimeoutNanos() {
                return headerTimeoutNanos;
            }

            @Override
            public void announce(Session session, InetSocketAddress proxy, ProxyHeaderDecoder header) {
                session.attribute(ProxyHeader.KEY, new ProxyHeader(proxy, header));
            }
        };
    }

    @Override
    public String toString() {
        return "ProxyProtocol[trusted=" + trusted + ", headerTimeout=" + headerTimeout + ", allowDirect="
                + directAllowed + "]";
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private final List<Cidr> trusted = new ArrayList<>();
        private Duration headerTimeout = DEFAULT_HEADER_TIMEOUT;
        private boolean directAllowed;

        private Builder() {}

        /**
         * Trusts proxies, besides those that are trusted already.
         *
         * @param blocks where they are
         * @return this
         */
        public Builder trust(Cidr... blocks) {
            for (Cidr block : blocks) {
                trusted.add(Objects.requireNonNull(block, "block"));
            }
            return this;
        }

        /**
         * Trusts proxies, besides those that are trusted already.
         *
         * @param blocks where they are, in CIDR notation: {@code 10.0.0.0/8}, {@code 2001:db8::7}
         * @return this
         * @throws IllegalArgumentException if one is no such block
         */
        public Builder trust(String... blocks) {
            for (String block : blocks) {
                trusted.add(Cidr.parse(block));
            }
            return this;
        }

        /**
         * Sets how long a header may take, from the moment that its connection is accepted.
         *
         * @param timeout more than zero, to 365 days; {@link #DEFAULT_HEADER_TIMEOUT} by default
         * @return this
         */
        public Builder headerTimeout(Duration timeout) {
            this.headerTimeout = Objects.requireNonNull(timeout, "timeout");
            return this;
        }

        /**
         * Sets whether clients may come without a proxy, from addresses that are not trusted.
         *
         * @param allow false by default: such connections are refused
         * @return this
         */
        public Builder allowDirect(boolean allow) {
            this.directAllowed = allow;
            return this;
        }

        /**
         * Sets what is in a section of a settings file: {@code trusted}, blocks with commas between them that replace
         * those that are trusted already, {@code headerTimeout} and {@code allowDirect}.
         *
         * @param settings the section
         * @return this
         * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.text("trusted", this::trustOnly);
                in.duration("headerTimeout", timeout -> headerTimeout(requireTimeout(timeout)));
                in.flag("allowDirect", this::allowDirect);
            });
            return this;
        }

        private void trustOnly(String list) {
            List<Cidr> blocks = new ArrayList<>();
            for (String block : list.split(",", -1)) {
                blocks.add(Cidr.parse(block.strip()));
            }
            trusted.clear();
            trusted.addAll(blocks);
        }

        private static Duration requireTimeout(Duration timeout) {
            boolean inRange = !timeout.isNegative() && !timeout.isZero() && timeout.compareTo(Ranges.LONGEST) <= 0;
            Ranges.require(
                    inRange, "headerTimeout", timeout, "more than zero, to " + Ranges.LONGEST.toDays() + " days");
            return timeout;
        }

        /**
         * Checks the values.
         *
         * @return the configuration
         * @throws IllegalArgumentException naming the first value that cannot be
         */
        public ProxyProtocol build() {
            Ranges.require(!trusted.isEmpty(), "trusted", "empty", "at least one block of addresses of proxies");
            requireTimeout(headerTimeout);
            return new ProxyProtocol(this);
        }
    }
}

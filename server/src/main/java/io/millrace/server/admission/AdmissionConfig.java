package io.millrace.server.admission;

import io.millrace.core.Settings;
import io.millrace.core.config.Ranges;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which connections a server takes: how many, from whom, how fast, and what becomes of the others.
 *
 * <p>Threading: Immutable, but for the {@link AddressFilter}, which is the application's and meant to be changed.
 */
public final class AdmissionConfig {
    /** The default limit on connections at once: 100,000, far more than most machines serve and still a limit. */
    public static final int DEFAULT_MAX_CONNECTIONS = 100_000;

    /** The default prefix of IPv4: 32 bits, every address for itself. Many share one behind a NAT as it is. */
    public static final int DEFAULT_IPV4_PREFIX_BITS = 32;

    /**
     * The default prefix of IPv6: 64 bits. That is the smallest network there is by RFC 4291, and what one subscriber
     * has at least: 2<sup>64</sup> addresses that one machine may use as it likes.
     */
    public static final int DEFAULT_IPV6_PREFIX_BITS = 64;

    /** The longest answer to a refused connection, in bytes: 4096, which every send buffer takes at once. */
    public static final int MAX_REFUSAL_BYTES = 4096;

    private static final int MOST_CONNECTIONS = 100_000_000;
    private static final int MOST_PER_SECOND = 10_000_000;
    private static final String CONNECTIONS = "connections";

    private final int maxConnections;
    private final int maxConnectionsPerAddress;
    private final int ipv4PrefixBits;
    private final int ipv6PrefixBits;
    private final int acceptsPerSecond;
    private final int acceptBurst;
    private final AdmissionPolicy policy;
    private final AddressFilter filter;
    private final @Nullable Function<RefusalReason, byte @Nullable []> refusalMessage;

    private AdmissionConfig(Builder builder) {
        this.maxConnections = builder.maxConnections;
        this.maxConnectionsPerAddress = builder.maxConnectionsPerAddress;
        this.ipv4PrefixBits = builder.ipv4PrefixBits;
        this.ipv6PrefixBits = builder.ipv6PrefixBits;
        this.acceptsPerSecond = builder.acceptsPerSecond;
        this.acceptBurst = builder.acceptBurst;
        this.policy = builder.policy;
        this.filter = builder.filter;
        this.refusalMessage = builder.refusalMessage;
    }

    /** {@return the default configuration, with a filter of its own that lets everybody in} */
    public static AdmissionConfig defaults() {
        return builder().build();
    }

    /** {@return a new builder with all defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a new builder with the values of this configuration, and the same filter} */
    public Builder toBuilder() {
        Builder builder = new Builder()
                .maxConnections(maxConnections)
                .maxConnectionsPerAddress(maxConnectionsPerAddress)
                .prefixBits(ipv4PrefixBits, ipv6PrefixBits)
                .acceptRate(acceptsPerSecond, acceptBurst)
                .policy(policy)
                .filter(filter);
        builder.refusalMessage = refusalMessage;
        return builder;
    }

    /** {@return the most connections at once} */
    public int maxConnections() {
        return maxConnections;
    }

    /** {@return the most connections of one address at once; 0 if only their total is limited} */
    public int maxConnectionsPerAddress() {
        return maxConnectionsPerAddress;
    }

    /** {@return how many leading bits tell IPv4 addresses apart} */
    public int ipv4PrefixBits() {
        return ipv4PrefixBits;
    }

    /** {@return how many leading bits tell IPv6 addresses apart} */
    public int ipv6PrefixBits() {
        return ipv6PrefixBits;
    }

    /** {@return the most connections a second; 0 if there is no limit} */
    public int acceptsPerSecond() {
        return acceptsPerSecond;
    }

    /** {@return how many connections may come at once after a quiet time; 0 if as many as in a second} */
    public int acceptBurst() {
        return acceptBurst;
    }

    /** {@return what becomes of clients beyond the limit on all connections, or beyond the rate} */
    public AdmissionPolicy policy() {
        return policy;
    }

    /** {@return the filter, to be changed at any time} */
    public AddressFilter filter() {
        return filter;
    }

    /** {@return what refused connections are told, or null if they are closed without a word} */
    public @Nullable Function<RefusalReason, byte @Nullable []> refusalMessage() {
        return refusalMessage;
    }

    @Override
    public String toString() {
        return "AdmissionConfig[maxConnections=" + maxConnections + ", maxConnectionsPerAddress="
                + maxConnectionsPerAddress + ", ipv4PrefixBits=" + ipv4PrefixBits + ", ipv6PrefixBits="
                + ipv6PrefixBits + ", acceptsPerSecond=" + acceptsPerSecond + ", acceptBurst=" + acceptBurst
                + ", policy=" + policy + ", filter=" + filter + ", refusalMessage="
                + (refusalMessage == null ? "none" : "set") + "]";
    }

    /** Collects the values. Not thread-safe. */
    public static final class Builder {
        private int maxConnections = DEFAULT_MAX_CONNECTIONS;
        private int maxConnectionsPerAddress;
        private int ipv4PrefixBits = DEFAULT_IPV4_PREFIX_BITS;
        private int ipv6PrefixBits = DEFAULT_IPV6_PREFIX_BITS;
        private int acceptsPerSecond;
        private int acceptBurst;
        private AdmissionPolicy policy = AdmissionPolicy.STOP_ACCEPTING;
        private AddressFilter filter = new AddressFilter();
        private @Nullable Function<RefusalReason, byte @Nullable []> refusalMessage;

        private Builder() {}

        /**
         * Sets the limit on connections at once, over all listening addresses.
         *
         * @param limit from 1 to 100,000,000; {@link #DEFAULT_MAX_CONNECTIONS} by default
         * @return this
         */
        public Builder maxConnections(int limit) {
            this.maxConnections = limit;
            return this;
        }

        /**
         * Sets the limit on connections of one address at once. More are refused, whatever the policy. Addresses that
         * share a prefix count as one, see {@link #prefixBits}.
         *
         * @param limit from 1 to 100,000,000; 0, the default, limits only the total: many clients have one address
         *     behind a NAT or a proxy
         * @return this
         */
        public Builder maxConnectionsPerAddress(int limit) {
            this.maxConnectionsPerAddress = limit;
            return this;
        }

        /**
         * Sets how many leading bits tell addresses apart, for {@link #maxConnectionsPerAddress}.
         *
         * @param ipv4 from 0 to 32; {@link #DEFAULT_IPV4_PREFIX_BITS} by default
         * @param ipv6 from 0 to 128; {@link #DEFAULT_IPV6_PREFIX_BITS} by default
         * @return this
         */
        public Builder prefixBits(int ipv4, int ipv6) {
            this.ipv4PrefixBits = ipv4;
            this.ipv6PrefixBits = ipv6;
            return this;
        }

        /**
         * Sets how fast connections are taken: after a quiet time so many at once, and then no more than the rate.
         *
         * @param perSecond from 1 to 10,000,000 connections; 0, the default, is as fast as they come
         * @param burst from 1 to 10,000,000 connections; 0, the default, is as many as in a second
         * @return this
         */
        public Builder acceptRate(int perSecond, int burst) {
            this.acceptsPerSecond = perSecond;
            this.acceptBurst = burst;
            return this;
        }

        /**
         * Sets what becomes of clients beyond the limit on all connections, or beyond the rate.
         *
         * @param newPolicy {@link AdmissionPolicy#STOP_ACCEPTING} by default
         * @return this
         */
        public Builder policy(AdmissionPolicy newPolicy) {
            this.policy = Objects.requireNonNull(newPolicy, "newPolicy");
            return this;
        }

        /**
         * Sets which addresses may connect. Others are refused, whatever the policy.
         *
         * @param newFilter the filter, which may be changed at any time; one that lets everybody in by default
         * @return this
         */
        public Builder filter(AddressFilter newFilter) {
            this.filter = Objects.requireNonNull(newFilter, "newFilter");
            return this;
        }

        /**
         * Sets what connections are told that are refused: one message, then the end of the stream. Then the server
         * reads and drops a little, for up to two seconds, so that the message is not lost. A hundred connections at
         * once are told; beyond that they are just closed, and so are those whose reason is
         * {@link RefusalReason#BROKEN}.
         *
         * @param message called once for each reason, when the server starts; returns the payload, of up to
         *     {@link #MAX_REFUSAL_BYTES} bytes, that the server's protocol frames, or null for a reason that gets none
         * @return this
         */
        public Builder refusalMessage(Function<RefusalReason, byte @Nullable []> message) {
            this.refusalMessage = Objects.requireNonNull(message, "message");
            return this;
        }

        /**
         * Sets what is in a section of a settings file: {@code maxConnections}, {@code maxConnectionsPerAddress},
         * {@code ipv4PrefixBits}, {@code ipv6PrefixBits}, {@code acceptsPerSecond}, {@code acceptBurst},
         * {@code policy}, and the blocks {@code allow} and {@code deny}, separated by commas, which are added to the
         * filter.
         *
         * @param settings the section
         * @return this
         * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
         */
        public Builder settings(Settings settings) {
            settings.read(in -> {
                in.whole("maxConnections", this::maxConnections);
                in.whole("maxConnectionsPerAddress", this::maxConnectionsPerAddress);
                in.whole("ipv4PrefixBits", bits -> prefixBits(bits, ipv6PrefixBits));
                in.whole("ipv6PrefixBits", bits -> prefixBits(ipv4PrefixBits, bits));
                in.whole("acceptsPerSecond", rate -> acceptRate(rate, acceptBurst));
                in.whole("acceptBurst", burst -> acceptRate(acceptsPerSecond, burst));
                in.choice("policy", AdmissionPolicy.values(), this::policy);
                in.text("allow", text -> addBlocks(text, filter::allow));
                in.text("deny", text -> addBlocks(text, filter::deny));
            });
            return this;
        }

        private static void addBlocks(String text, Consumer<Cidr[]> list) {
            list.accept(Arrays.stream(text.split(","))
                    .map(String::strip)
                    .map(Cidr::parse)
                    .toArray(Cidr[]::new));
        }

        /**
         * Checks the values.
         *
         * @return the configuration
         * @throws IllegalArgumentException naming the first value that cannot be
         */
        public AdmissionConfig build() {
            Ranges.require("maxConnections", maxConnections, 1, MOST_CONNECTIONS, CONNECTIONS);
            Ranges.require("maxConnectionsPerAddress", maxConnectionsPerAddress, 0, MOST_CONNECTIONS, CONNECTIONS);
            Ranges.require("ipv4PrefixBits", ipv4PrefixBits, 0, 32, "bits");
            Ranges.require("ipv6PrefixBits", ipv6PrefixBits, 0, 128, "bits");
            Ranges.require("acceptsPerSecond", acceptsPerSecond, 0, MOST_PER_SECOND, CONNECTIONS);
            Ranges.require("acceptBurst", acceptBurst, 0, MOST_PER_SECOND, CONNECTIONS);
            Ranges.require(
                    acceptBurst == 0 || acceptsPerSecond > 0,
                    "acceptBurst",
                    acceptBurst,
                    "0, for there is no accept rate: set acceptsPerSecond too");
            return new AdmissionConfig(this);
        }
    }
}

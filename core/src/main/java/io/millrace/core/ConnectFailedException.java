package io.millrace.core;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * There is no connection to an endpoint. Nothing was sent, so whatever was to be sent may be asked again, here or
 * elsewhere. The message names the endpoint, every address that was tried with what happened there, and what to do;
 * the cause is what the JDK reported for the last address, and what it reported for the others is suppressed.
 */
public sealed class ConnectFailedException extends TransportException permits ConnectTimeoutException {
    private static final long serialVersionUID = 1;

    /** Why there is no connection. Where several addresses failed it is that of the last one. */
    public enum Kind {
        /** The host answered that nobody listens on that port. */
        REFUSED,
        /** Nobody answered in time; the exception is a {@link ConnectTimeoutException}. */
        TIMED_OUT,
        /** There is no way to that address: no route, no such network, or not of a family that this machine has. */
        UNREACHABLE,
        /** The host, or something on the way to it, cut the connection while it was being made. */
        RESET,
        /** The name has no address, or was not looked up in time. */
        UNRESOLVED,
        /** Nobody listens, and the system has connected the port to itself: the same as refused. */
        SELF,
        /** This machine is at fault: no port or descriptor is left, or the local address cannot be had. */
        LOCAL,
        /** Anything else; see the cause. */
        OTHER
    }

    /** Why. */
    private final Kind kind;

    /** What was tried; an array, because a list need not be serializable. */
    private final InetSocketAddress[] addresses;

    /**
     * Makes the exception.
     *
     * @param kind why
     * @param addresses what was tried, in order; empty if it did not come to that
     * @param message to which endpoint, what happened at which address, and what to do about it
     * @param cause what the JDK reported, if anything
     */
    public ConnectFailedException(
            Kind kind, List<InetSocketAddress> addresses, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.addresses = addresses.toArray(new InetSocketAddress[0]);
    }

    /**
     * Returns why there is no connection.
     *
     * @return the kind of failure
     */
    public Kind kind() {
        return kind;
    }

    /**
     * Returns which addresses were tried.
     *
     * @return the addresses in the order in which they were tried; empty if it did not come to that
     */
    public List<InetSocketAddress> addresses() {
        return List.of(addresses);
    }

    /**
     * Returns whether what was asked may have reached the peer.
     *
     * @return false
     */
    @Override
    public final boolean maybeSent() {
        return false;
    }
}

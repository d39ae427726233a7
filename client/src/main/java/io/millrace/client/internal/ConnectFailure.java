package io.millrace.client.internal;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.ConnectFailedException.Kind;
import io.millrace.core.ConnectTimeoutException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What happened at one address. The only place that tells the JDK's exceptions apart and words what comes of them.
 *
 * @param address where to
 * @param kind what
 * @param text the same in words, as they follow the address
 * @param cause what the JDK reported; null if it was us who gave up
 */
record ConnectFailure(InetSocketAddress address, Kind kind, String text, @Nullable Throwable cause) {
    /** A part of a message, in lower case, and what it means; the first that is found counts. */
    private record Sign(String part, Kind kind) {}

    private static final List<Sign> SIGNS = List.of(
            new Sign("timed out", Kind.TIMED_OUT),
            new Sign("timeout", Kind.TIMED_OUT),
            new Sign("refused", Kind.REFUSED),
            new Sign("reset", Kind.RESET),
            new Sign("forcibly closed", Kind.RESET),
            new Sign("aborted", Kind.RESET),
            new Sign("unreachable", Kind.UNREACHABLE),
            new Sign("cannot be reached", Kind.UNREACHABLE),
            new Sign("no route", Kind.UNREACHABLE),
            new Sign("host is down", Kind.UNREACHABLE),
            new Sign("network is down", Kind.UNREACHABLE),
            new Sign("family", Kind.UNREACHABLE),
            new Sign("too many open files", Kind.LOCAL),
            new Sign("assign requested address", Kind.LOCAL),
            new Sign("already in use", Kind.LOCAL),
            new Sign("permission denied", Kind.LOCAL),
            new Sign("not permitted", Kind.LOCAL),
            new Sign("no buffer space", Kind.LOCAL),
            new Sign("allocate memory", Kind.LOCAL));

    static ConnectFailure of(InetSocketAddress address, Throwable cause) {
        Kind kind = kindOf(cause);
        return new ConnectFailure(address, kind, words(kind) + " (" + messageOf(cause) + ")", cause);
    }

    static ConnectFailure noAnswer(InetSocketAddress address, long nanos) {
        return new ConnectFailure(
                address, Kind.TIMED_OUT, words(Kind.TIMED_OUT) + " within " + millis(nanos) + " ms", null);
    }

    static ConnectFailure self(InetSocketAddress address) {
        return new ConnectFailure(
                address, Kind.SELF, "refused (nobody listens, so the system connected the port to itself)", null);
    }

    /** Tells the JDK's exceptions apart, by type where that says it, and by message where several share a type. */
    static Kind kindOf(Throwable cause) {
        if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
            return Kind.UNRESOLVED;
        }
        if (cause instanceof BindException) {
            // Also what a connect answers for which no local port is free.
            return Kind.LOCAL;
        }
        if (cause instanceof NoRouteToHostException || cause instanceof UnsupportedAddressTypeException) {
            return Kind.UNREACHABLE;
        }
        String message = messageOf(cause).toLowerCase(Locale.ROOT);
        for (Sign sign : SIGNS) {
            if (message.contains(sign.part)) {
                return sign.kind;
            }
        }
        // Systems may speak other languages than English; most connects that fail so are refused.
        return cause instanceof ConnectException ? Kind.REFUSED : Kind.OTHER;
    }

    /** Tells of all addresses of an endpoint, at least one, in the order in which they were tried. */
    static ConnectFailedException all(Endpoint endpoint, List<ConnectFailure> failures) {
        ConnectFailure last = failures.get(failures.size() - 1);
        String what = failures.size() == 1
                ? last.where(endpoint) + ": " + last.text
                : endpoint + ": "
                        + failures.stream().map(ConnectFailure::toString).collect(Collectors.joining(", "));
        String message = "cannot connect to " + what + "; " + remedy(last.kind, messageOf(last.cause));
        List<InetSocketAddress> addresses =
                failures.stream().map(ConnectFailure::address).toList();
        ConnectFailedException exception = last.kind == Kind.TIMED_OUT
                ? new ConnectTimeoutException(addresses, message, last.cause)
                : new ConnectFailedException(last.kind, addresses, message, last.cause);
        for (ConnectFailure failure : failures.subList(0, failures.size() - 1)) {
            if (failure.cause != null) {
                exception.addSuppressed(failure.cause);
            }
        }
        return exception;
    }

    /** Tells of a name without an address; of one that is looked up too long if there is no cause. */
    static ConnectFailedException unresolved(Endpoint endpoint, @Nullable Throwable cause, long nanos) {
        String why = cause == null
                ? ": name lookup took longer than " + millis(nanos)
                        + " ms; check the name service, or raise resolveTimeout and connectTimeout"
                : " (" + cause + "); check the name and the name service";
        return new ConnectFailedException(
                Kind.UNRESOLVED,
                List.of(),
                "cannot connect to " + endpoint + ": cannot resolve " + endpoint.host() + why,
                cause);
    }

    /** Tells of what went wrong before any address was asked. */
    static ConnectFailedException before(Endpoint endpoint, Throwable cause) {
        Kind kind = kindOf(cause);
        return new ConnectFailedException(
                kind,
                List.of(),
                "cannot connect to " + endpoint + ": " + words(kind) + " (" + messageOf(cause) + "); "
                        + remedy(kind, messageOf(cause)),
                cause);
    }

    /** Tells that connections cannot come from where they should. */
    static ConnectFailedException localAddress(Endpoint endpoint, InetSocketAddress local, String why) {
        return localAddress(endpoint, local, why, null);
    }

    static ConnectFailedException localAddress(Endpoint endpoint, InetSocketAddress local, Throwable cause) {
        return localAddress(endpoint, local, messageOf(cause), cause);
    }

    private static ConnectFailedException localAddress(
            Endpoint endpoint, InetSocketAddress local, String why, @Nullable Throwable cause) {
        return new ConnectFailedException(
                Kind.LOCAL,
                List.of(),
                "cannot connect to " + endpoint + " from localAddress " + text(local) + ": " + why
                        + "; choose an address of this machine, and port 0 to have the system choose a free one",
                cause);
    }

    private static String words(Kind kind) {
        return switch (kind) {
            case REFUSED, SELF -> "refused";
            case TIMED_OUT -> "no answer";
            case UNREACHABLE -> "unreachable";
            case RESET -> "cut off while connecting";
            case UNRESOLVED -> "not resolved";
            case LOCAL -> "this machine has no means for it";
            case OTHER -> "failed";
        };
    }

    private static String remedy(Kind kind, String message) {
        return switch (kind) {
            case REFUSED, SELF -> "start the server there, or check host and port";
            case TIMED_OUT ->
                "check that the host is up, takes connections and is not behind a firewall that drops them, or raise"
                        + " connectTimeout";
            case UNREACHABLE -> "check the network and its routes";
            case RESET -> "check what listens there, and what is between";
            case UNRESOLVED -> "check the name and the name service";
            case LOCAL ->
                message.toLowerCase(Locale.ROOT).contains("open files")
                        ? "raise the limit of open files, or use fewer connections"
                        : "keep connections open longer, or give the system more local ports";
            case OTHER -> "see the cause";
        };
    }

    private static String messageOf(@Nullable Throwable cause) {
        if (cause == null) {
            return "";
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    /** To the nearest: a share of a timeout is often a bit short of what was set. */
    private static long millis(long nanos) {
        return Math.round(nanos / (double) TimeUnit.MILLISECONDS.toNanos(1));
    }

    /** The endpoint, and its address if that says more. */
    private String where(Endpoint endpoint) {
        String tried = address.getAddress().getHostAddress();
        return tried.equals(endpoint.host()) ? endpoint.toString() : endpoint + " (" + text(address) + ")";
    }

    private static String text(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        return host instanceof Inet6Address
                ? "[" + host.getHostAddress() + "]:" + address.getPort()
                : host.getHostAddress() + ":" + address.getPort();
    }

    @Override
    public String toString() {
        return text(address) + " " + text;
    }
}

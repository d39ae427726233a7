package io.millrace.server;

import io.millrace.core.IoGroupStats;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a server tells about itself at one time, for people and for programs. Immutable.
 *
 * @param time when it was taken
 * @param state how far the server has come
 * @param addresses the addresses that clients connect to
 * @param protocol how messages are framed, for people
 * @param stats the counters of the server
 * @param rates what it does per second
 * @param group the counters of its group, which other servers and clients may share; null before the start
 */
public record TcpServerSnapshot(
        Instant time,
        ServerState state,
        List<InetSocketAddress> addresses,
        String protocol,
        TcpServerStats stats,
        TcpServerRates rates,
        @Nullable IoGroupStats group) {

    /** {@return the snapshot for people: aligned lines, each ended by a line feed, the same in every locale} */
    public String toText() {
        return SnapshotText.of(this);
    }

    /**
     * Returns the snapshot for programs: one JSON object on one line, the same in every locale. Keys are stable: there may be
     * more of them in later versions, in any order. Times are in seconds or microseconds, as their keys say.
     *
     * @return JSON
     */
    public String toJson() {
        return SnapshotJson.of(this);
    }

    /** Returns the addresses as a client would write them. */
    List<String> addressTexts() {
        return addresses.stream().map(TcpServerSnapshot::text).toList();
    }

    private static String text(InetSocketAddress address) {
        // Before the start a name may not be known yet.
        String host = address.isUnresolved()
                ? address.getHostString()
                : address.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }
}

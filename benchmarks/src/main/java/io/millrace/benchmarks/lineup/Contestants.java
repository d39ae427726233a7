package io.millrace.benchmarks.lineup;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.contestant.bare.Nio2Echo;
import io.millrace.benchmarks.contestant.bare.Nio2Proxy;
import io.millrace.benchmarks.contestant.bare.SelectorEcho;
import io.millrace.benchmarks.contestant.millrace.MillraceBroadcast;
import io.millrace.benchmarks.contestant.millrace.MillraceEcho;
import io.millrace.benchmarks.contestant.millrace.MillraceProxy;
import io.millrace.benchmarks.contestant.millrace.ReadyReads;
import io.millrace.benchmarks.contestant.netty.NettyBroadcast;
import io.millrace.benchmarks.contestant.netty.NettyEcho;
import io.millrace.benchmarks.contestant.netty.NettyProxy;
import io.millrace.benchmarks.contestant.netty.Transport;
import io.millrace.benchmarks.contestant.peer.MinaEcho;
import io.millrace.benchmarks.contestant.peer.SmartSocketEcho;
import io.millrace.benchmarks.contestant.peer.TioEcho;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** All contestants, by role and name. */
public final class Contestants {
    private static final Map<Role, List<Contestant>> ALL = Map.of(
            Role.ECHO,
            List.of(
                    new MillraceEcho(),
                    new ReadyReads(new MillraceEcho()),
                    new Nio2Echo(),
                    new NettyEcho(Transport.NIO),
                    new NettyEcho(Transport.EPOLL),
                    new NettyEcho(Transport.URING),
                    new SmartSocketEcho(),
                    new TioEcho(),
                    new MinaEcho(),
                    new SelectorEcho()),
            Role.PROXY,
            List.of(
                    new MillraceProxy(false),
                    new MillraceProxy(true),
                    new ReadyReads(new MillraceProxy(false)),
                    new Nio2Proxy(),
                    new NettyProxy(Transport.NIO, false),
                    new NettyProxy(Transport.NIO, true),
                    new NettyProxy(Transport.EPOLL, false),
                    new NettyProxy(Transport.EPOLL, true),
                    new NettyProxy(Transport.URING, false),
                    new NettyProxy(Transport.URING, true)),
            Role.BROADCAST,
            List.of(
                    new MillraceBroadcast(),
                    new NettyBroadcast(Transport.NIO),
                    new NettyBroadcast(Transport.EPOLL),
                    new NettyBroadcast(Transport.URING)));

    private Contestants() {}

    /** Returns those that can play a role, in the order in which tables show them: Millrace first. */
    public static List<Contestant> in(Role role) {
        return ALL.getOrDefault(role, List.of());
    }

    /**
     * Finds one.
     *
     * @throws IllegalArgumentException if there is none; it names those that there are
     */
    public static Contestant find(Role role, String name) {
        return in(role).stream()
                .filter(contestant -> contestant.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("contestant is " + name + "; in role " + role + " there are "
                                + in(role).stream().map(Contestant::name).collect(Collectors.joining(", "))));
    }
}

package io.millrace.benchmarks.finding;

import io.millrace.benchmarks.result.Figure;
import java.util.List;

/** What Millrace is asked to show, as a table beside what it shows. */
public final class Goals {
    /** An object for each message would have 16 bytes at least; less than this is what is done once in a while. */
    private static final double NO_BYTES = 0.5;

    private static final double MOST_IDLE_BYTES = 2048;

    private static final Peer REDIS = Peer.named("redis");

    private static final String ON_ONE_CONNECTION = "1x1000x.*";
    private static final String OVER_16 = "16x1000x.*";
    private static final String ANY_CALLS = ".*x1000x.*";

    private static final List<Goal> ALL = List.of(
            new Goal(
                    "Echo 64x32x64: at least 1.1 times the best Netty transport",
                    Check.advantage(Part.ECHO, "64x32x64", Peer.BEST_NETTY, 1.1)),
            new Goal(
                    "Echo 64x128x64: at least 1.7 times the best Netty transport",
                    Check.advantage(Part.ECHO, "64x128x64", Peer.BEST_NETTY, 1.7)),
            new Goal(
                    "Echo 64x1x64 and 1000x1x64: within 8 % of the bare NIO.2 loop",
                    Check.all(
                            Check.advantage(Part.ECHO, "64x1x64", Peer.BARE_LOOP, 0.92),
                            Check.advantage(Part.ECHO, "1000x1x64", Peer.BARE_LOOP, 0.92))),
            new Goal(
                    "Echo 16x4x65536 and 4x1x1048576: at least the best Netty transport",
                    Check.all(
                            Check.advantage(Part.ECHO, "16x4x65536", Peer.BEST_NETTY, 1),
                            Check.advantage(Part.ECHO, "4x1x1048576", Peer.BEST_NETTY, 1))),
            new Goal(
                    "Echo, every point: no byte allocated per message by Millrace's own code",
                    Check.atMostEverywhere(Part.GARBAGE, Figure.OWN_BYTES_PER_MESSAGE, NO_BYTES)),
            new Goal(
                    "Calls in the form with futures: the bytes that a call allocates are reported",
                    Check.known(
                            Part.CALLS,
                            "16x1000x64",
                            "millrace-future",
                            Figure.ALLOCATED_BYTES_PER_MESSAGE,
                            Figure.CLIENT_ALLOCATED_BYTES_PER_MESSAGE)),
            new Goal(
                    "Calls, 1,000 in flight on one connection: at least 1.3 times Netty's client and server written by hand, p99 no worse",
                    calls(ON_ONE_CONNECTION, Peer.BEST_NETTY)),
            new Goal("The same with 1,000 in flight over 16 connections", calls(OVER_16, Peer.BEST_NETTY)),
            new Goal(
                    "Harder than was asked: the same against Netty without its decoders (`lean`)",
                    calls(ANY_CALLS, Peer.BEST_LEAN_NETTY)),
            new Goal(
                    "Proxy 64x32x64: at least 1.1 times the best Netty transport",
                    Check.advantage(Part.PROXY, "64x32x64", Peer.BEST_NETTY, 1.1)),
            new Goal(
                    "The same proxy against Netty nio, the transport of Netty's own example",
                    Check.advantage(Part.PROXY, "64x32x64", Peer.named("netty-nio"), 1.1)),
            new Goal(
                    "Idle, 15,000 connections: at most 2 KiB each, heap and direct together",
                    Check.atMost(Part.IDLE, "15000.*", Figure.HEAP_AND_DIRECT_BYTES_PER_CONNECTION, MOST_IDLE_BYTES)),
            new Goal(
                    "First echo: at most 0.7 times Netty nio's time",
                    Check.ratio(Part.FIRST_ECHO, ".*", Figure.FIRST_ECHO_NANOS, Peer.named("netty-nio"), 0.7)),
            new Goal(
                    "`resp-server` with one I/O thread, 16 requests in flight on each of 50 connections: at least 0.7 times the requests per second of Redis on GET and SET",
                    Check.all(
                            Check.advantage(Part.REDIS, "get-p16", REDIS, 0.7),
                            Check.advantage(Part.REDIS, "set-p16", REDIS, 0.7))),
            new Goal(
                    "This page comes from one command, and every number of the README from it",
                    findings -> new Verdict("every build compares them (`PublicationTest`)", Verdict.Held.YES)));

    private Goals() {}

    private static Check calls(String points, Peer peer) {
        return Check.all(
                Check.advantage(Part.CALLS, points, peer, 1.3),
                Check.ratio(Part.CALLS, points, Figure.P99_NANOS, peer, 1));
    }

    private record Goal(String asked, Check check) {}

    /** Returns the table. */
    public static String markdown(Findings findings) {
        StringBuilder text = new StringBuilder("| asked | measured | held? |\n|---|---|---|\n");
        for (Goal goal : ALL) {
            Verdict verdict = goal.check().judge(findings);
            text.append("| ").append(goal.asked()).append(" | ").append(verdict.measured());
            text.append(" | ").append(verdict.held().words()).append(" |\n");
        }
        return text.toString().strip();
    }
}

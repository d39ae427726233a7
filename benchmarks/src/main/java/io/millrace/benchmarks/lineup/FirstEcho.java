package io.millrace.benchmarks.lineup;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.millrace.benchmarks.contestant.bare.Nio2Echo;
import io.millrace.benchmarks.contestant.bare.SelectorEcho;
import io.millrace.benchmarks.contestant.millrace.MillraceEcho;
import io.millrace.benchmarks.contestant.netty.NettyEcho;
import io.millrace.benchmarks.contestant.netty.Transport;
import io.millrace.benchmarks.contestant.peer.MinaEcho;
import io.millrace.benchmarks.contestant.peer.SmartSocketEcho;
import io.millrace.benchmarks.contestant.peer.TioEcho;
import java.io.IOException;

/**
 * Starts one echo, prints its port, and serves until standard input ends: the whole of a program whose start is
 * measured. It loads no class that the contestant does not need.
 */
public final class FirstEcho {
    private static final int MAX_FRAME_BYTES = 64 << 10;

    private FirstEcho() {}

    /**
     * Runs it.
     *
     * @param args the contestant's name
     * @throws Exception if it cannot be started
     */
    public static void main(String... args) throws Exception {
        System.out.println(contestant(args[0]).start(new ServeOptions(MAX_FRAME_BYTES, 0)));
        awaitEnd();
        Runtime.getRuntime().halt(0);
    }

    private static void awaitEnd() throws IOException {
        int read;
        do {
            read = System.in.read();
        } while (read >= 0);
    }

    /** Makes a contestant without the registry, which makes all of them. */
    static Contestant contestant(String name) {
        return switch (name) {
            case "millrace" -> new MillraceEcho();
            case "nio2-bare" -> new Nio2Echo();
            case "selector-bare" -> new SelectorEcho();
            case "netty-nio" -> new NettyEcho(Transport.NIO);
            case "netty-epoll" -> new NettyEcho(Transport.EPOLL);
            case "netty-uring" -> new NettyEcho(Transport.URING);
            case "smart-socket" -> new SmartSocketEcho();
            case "t-io" -> new TioEcho();
            case "mina" -> new MinaEcho();
            default -> throw new IllegalArgumentException("contestant is " + name + "; it is not known here");
        };
    }
}

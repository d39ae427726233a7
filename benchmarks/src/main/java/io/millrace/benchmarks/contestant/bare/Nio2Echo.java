package io.millrace.benchmarks.contestant.bare;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.IOException;

/**
 * The least that a framed echo on NIO.2 can be: one read, whole frames found in it, one write. It has no limits, no
 * deadlines and no counters, so what Millrace costs above it is the price of those.
 */
public final class Nio2Echo implements Contestant {
    @Override
    public String name() {
        return "nio2-bare";
    }

    @Override
    public int start(ServeOptions options) throws IOException {
        return Nio2Listener.start(
                (channel, group) -> new Nio2EchoConnection(channel, Frames.bufferBytes(options)).start());
    }
}

package io.millrace.benchmarks.contestant.millrace;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.util.List;

/**
 * The same under a flag of the JDK by which its engine reads a channel when epoll has said that there is something, and
 * does not try before. Where each message waits for the one before it the try is a system call for nothing.
 */
public final class ReadyReads implements Contestant {
    private final Contestant plain;

    /**
     * Makes the contestant.
     *
     * @param plain who does the work
     */
    public ReadyReads(Contestant plain) {
        this.plain = plain;
    }

    @Override
    public String name() {
        return plain.name() + "-ready-reads";
    }

    @Override
    public List<String> jvmOptions() {
        return List.of("-Dsun.nio.ch.disableSynchronousRead=true");
    }

    @Override
    public int start(ServeOptions options) throws Exception {
        return plain.start(options);
    }
}

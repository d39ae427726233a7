package io.millrace.samples.ladder;

import io.millrace.samples.models.EchoModel;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** The process that a rung runs in: says its port, then answers each line with its figures, and counts its threads. */
public final class ServerChild {
    private ServerChild() {}

    /**
     * Runs until the parent ends.
     *
     * @param args the name of a {@link Rung}
     */
    public static void main(String... args) throws Exception {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        int before = threads.getThreadCount();
        EchoModel server = Rung.valueOf(args[0]).start();
        Answers.serve(server.port(), question -> Answers.figures(threads.getThreadCount() - before));
    }
}

package io.millrace.samples.ladder;

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;

/** The child's end of {@link ChildProcess}: answers each line with a line, until the parent has gone. */
final class Answers {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private Answers() {}

    /** Answers one question. */
    @FunctionalInterface
    interface Answerer {
        /** Returns a line; a throw ends the child. */
        String answer(String question) throws Exception;
    }

    /** Says a first line, then answers; never returns. */
    static void serve(Object first, Answerer answerer) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        out.println(first);
        for (String question = in.readLine(); question != null; question = in.readLine()) {
            out.println(answerer.answer(question));
        }
        System.exit(0);
    }

    /** Returns how far this process has come: what it counts, its processor time, and the time now, in nanoseconds. */
    static String figures(long counted) {
        return counted + " " + SYSTEM.getProcessCpuTime() + " " + System.nanoTime();
    }
}

package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Networks of a test's own, each of one process: they end with it. They need Linux and root. */
final class Namespaces {
    private Namespaces() {}

    /** Skips the test where there can be none. */
    static void assumePossible() {
        assumeTrue(
                exitCode("unshare", "-n", "true") == 0 && exitCode("ip", "-V") == 0 && exitCode("nsenter", "-V") == 0,
                "needs root on Linux, and unshare, nsenter and ip (packages util-linux, iproute2)");
    }

    /** Returns what starts a command in a network of its own, with its loopback up, behind lines of shell. */
    static String[] launcher(String... lines) {
        List<String> script = new ArrayList<>(List.of("set -e", "ip link set lo up"));
        script.addAll(List.of(lines));
        script.add("exec \"$@\"");
        return new String[] {"unshare", "-n", "sh", "-c", String.join("\n", script), "sh"};
    }

    /** Runs a command in the network of a process. */
    static void run(ProcessHandle process, String... command) throws Exception {
        List<String> words = new ArrayList<>(List.of("nsenter", "-t", Long.toString(process.pid()), "-n"));
        words.addAll(List.of(command));
        Process run = new ProcessBuilder(words).redirectErrorStream(true).start();
        String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, run.waitFor(), words + ": " + said);
    }

    private static int exitCode(String... command) {
        try {
            Process run = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return run.waitFor(10, TimeUnit.SECONDS) ? run.exitValue() : -1;
        } catch (IOException missing) {
            return -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }
}

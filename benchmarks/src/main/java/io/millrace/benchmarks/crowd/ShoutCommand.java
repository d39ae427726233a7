package io.millrace.benchmarks.crowd;

import io.millrace.benchmarks.child.Questions;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Connects, says so, then answers each line, a number of milliseconds, by broadcasting for so long. */
@Command(name = "shout", hidden = true, description = "Have a broadcast server tell all; other commands start it.")
public final class ShoutCommand implements Callable<Integer> {
    @Option(names = "--port", required = true, paramLabel = "PORT", description = "Of the server, on this machine.")
    private int port;

    @Option(names = "--connections", paramLabel = "N", description = "That hear.")
    private int connections = 10_000;

    @Option(names = "--bytes", paramLabel = "BYTES", description = "Of each message.")
    private int bytes = 64;

    @Override
    public Integer call() throws Exception {
        try (Audience audience = new Audience(port, connections, bytes)) {
            Questions.serve(
                    "ready",
                    question -> audience.run(
                            Duration.ofMillis(Long.parseLong(question)).toNanos()));
        }
        return ExitCode.OK;
    }
}

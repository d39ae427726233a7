package io.millrace.benchmarks.load;

import io.millrace.benchmarks.child.Questions;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Connects, says so, then answers each line, a number of milliseconds, by running the load for so long. */
@Command(name = "load", description = "Load an echo server as standard input says; the other commands start it.")
public final class LoadCommand implements Callable<Integer> {
    @Option(names = "--port", required = true, paramLabel = "PORT", description = "Of the server, on this machine.")
    private int port;

    @Option(names = "--point", paramLabel = "CxFxB", description = "Connections, in flight on each, bytes.")
    private String point = "64x1x64";

    @Override
    public Integer call() throws Exception {
        try (ClosedLoop loop = new ClosedLoop(port, EchoPoint.parse(point))) {
            Questions.serve(
                    point,
                    question ->
                            loop.run(Duration.ofMillis(Long.parseLong(question)).toNanos()));
        }
        return ExitCode.OK;
    }
}

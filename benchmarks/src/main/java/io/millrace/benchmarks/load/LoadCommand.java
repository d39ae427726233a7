package io.millrace.benchmarks.load;

import io.millrace.benchmarks.child.Questions;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/**
 * Connects, says so, then answers each line by running the load: {@code 600} for 600 ms with a number of messages always
 * in flight, {@code 600 at 20000} for 600 ms at that many messages per second.
 */
@Command(
        name = "load",
        hidden = true,
        description = "Load an echo server as standard input says; the other commands start it.")
public final class LoadCommand implements Callable<Integer> {
    private static final String AT = " at ";

    @Option(names = "--port", required = true, paramLabel = "PORT", description = "Of the server, on this machine.")
    private int port;

    @Option(names = "--point", paramLabel = "CxFxB", description = "Connections, in flight on each, bytes.")
    private String point = "64x1x64";

    @Option(
            names = "--patience",
            paramLabel = "SECONDS",
            description = "How long the server may be silent; then it has failed. Default ${DEFAULT-VALUE}.")
    private int patienceSeconds = 5;

    @Override
    public Integer call() throws Exception {
        EchoPoint echo = EchoPoint.parse(point);
        try (EchoConnections connections = new EchoConnections(port, echo, Duration.ofSeconds(patienceSeconds))) {
            ClosedLoop closedLoop = new ClosedLoop(connections, echo.inFlight());
            FixedRate fixedRate = new FixedRate(connections);
            Questions.serve(point, question -> {
                int at = question.indexOf(AT);
                return at < 0
                        ? closedLoop.run(nanos(question))
                        : fixedRate.run(
                                Double.parseDouble(question.substring(at + AT.length())),
                                nanos(question.substring(0, at)));
            });
        }
        return ExitCode.OK;
    }

    private static long nanos(String millis) {
        return Duration.ofMillis(Long.parseLong(millis)).toNanos();
    }
}

package io.millrace.benchmarks.crowd;

import io.millrace.benchmarks.child.Questions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Holds connections that do nothing: a line with a number opens so many more, {@code close} closes all. */
@Command(
        name = "hold",
        hidden = true,
        description = "Hold idle connections as standard input says; other commands start it.")
public final class HoldCommand implements Callable<Integer> {
    @Option(names = "--port", required = true, paramLabel = "PORT", description = "Of the server, on this machine.")
    private int port;

    @Option(names = "--bytes", paramLabel = "BYTES", description = "Of the one message that each sends.")
    private int bytes = 64;

    @Override
    public Integer call() throws Exception {
        try (Crowd crowd = new Crowd(port, bytes)) {
            Questions.serve("ready", question -> {
                if (question.equals("close")) {
                    crowd.clear();
                    return 0;
                }
                return crowd.open(Integer.parseInt(question));
            });
        }
        return ExitCode.OK;
    }
}

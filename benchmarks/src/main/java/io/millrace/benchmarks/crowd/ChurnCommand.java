package io.millrace.benchmarks.crowd;

import io.millrace.benchmarks.child.Questions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Connects and closes; answers each line, a number of connections, by making so many. */
@Command(
        name = "churn",
        hidden = true,
        description = "Connect and close as standard input says; other commands start it.")
public final class ChurnCommand implements Callable<Integer> {
    @Option(names = "--port", required = true, paramLabel = "PORT", description = "Of the server, on this machine.")
    private int port;

    @Option(names = "--parallel", paramLabel = "N", description = "Connections at once.")
    private int parallel = 64;

    @Option(names = "--ending", paramLabel = "ENDING", description = "${COMPLETION-CANDIDATES}.")
    private Ending ending = Ending.RESET;

    @Option(names = "--bytes", paramLabel = "BYTES", description = "Of the one message that each sends.")
    private int bytes = 64;

    @Override
    public Integer call() throws Exception {
        try (Churn churn = new Churn(port, parallel, ending, bytes)) {
            Questions.serve("ready", question -> churn.run(Long.parseLong(question)));
        }
        return ExitCode.OK;
    }
}

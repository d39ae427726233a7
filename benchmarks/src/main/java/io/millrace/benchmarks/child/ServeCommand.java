package io.millrace.benchmarks.child;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.millrace.benchmarks.lineup.Contestants;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Serves as one contestant; prints its port, then answers {@code figures} and {@code collect} with memory figures. */
@Command(
        name = "serve",
        hidden = true,
        description = "Run one contestant until standard input ends; the other commands start it.")
public final class ServeCommand implements Callable<Integer> {
    @Option(names = "--role", paramLabel = "ROLE", description = "${COMPLETION-CANDIDATES}.")
    private Role role = Role.ECHO;

    @Option(names = "--contestant", paramLabel = "NAME", description = "Such as millrace.")
    private String name = "millrace";

    @Option(names = "--max-frame", paramLabel = "BYTES", description = "The longest payload.")
    private int maxFrameBytes = 64 << 10;

    @Option(names = "--target", paramLabel = "PORT", description = "Where a proxy passes frames on to.")
    private int target;

    @Override
    public Integer call() throws Exception {
        System.setOut(System.err); // what a library prints must not pass for an answer
        Contestant contestant = Contestants.find(role, name);
        int port = contestant.start(new ServeOptions(maxFrameBytes, target));
        Questions.serve(port, question -> switch (question) {
            case "figures" -> JvmFigures.now();
            case "collect" -> JvmFigures.afterCollection();
            default -> throw new IllegalArgumentException("asked " + question + "; it knows figures and collect");
        });
        System.exit(ExitCode.OK); // contestants have threads that would go on
        return ExitCode.OK;
    }
}

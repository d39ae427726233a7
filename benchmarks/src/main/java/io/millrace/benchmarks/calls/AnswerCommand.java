package io.millrace.benchmarks.calls;

import io.millrace.benchmarks.child.JvmFigures;
import io.millrace.benchmarks.child.Questions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** Answers requests as one contestant; prints its port, then answers {@code figures} with memory figures. */
@Command(
        name = "answer",
        hidden = true,
        description = "Answer requests until standard input ends; other commands start it.")
public final class AnswerCommand implements Callable<Integer> {
    @Option(names = "--contestant", paramLabel = "NAME", description = "Such as millrace.")
    private String name = "millrace";

    @Override
    public Integer call() throws Exception {
        Questions.serve(CallContestant.named(name).answer(), question -> JvmFigures.now());
        System.exit(ExitCode.OK); // servers have threads that would go on
        return ExitCode.OK;
    }
}

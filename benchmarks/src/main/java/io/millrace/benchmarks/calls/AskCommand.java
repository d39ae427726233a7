package io.millrace.benchmarks.calls;

import io.millrace.benchmarks.calls.caller.Caller;
import io.millrace.benchmarks.calls.caller.CallerOptions;
import io.millrace.benchmarks.child.JvmFigures;
import io.millrace.benchmarks.child.Questions;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/**
 * Asks as one contestant; answers each line, a number of milliseconds, by asking for so long, and {@code figures} with
 * memory figures.
 */
@Command(
        name = "ask",
        hidden = true,
        description = "Ask a request server as standard input says; other commands start it.")
public final class AskCommand implements Callable<Integer> {
    @Option(names = "--contestant", paramLabel = "NAME", description = "Such as millrace.")
    private String name = "millrace";

    @Option(names = "--port", required = true, paramLabel = "PORT", description = "Of the server, on this machine.")
    private int port;

    @Option(names = "--point", paramLabel = "CxFxB", description = "Connections, in flight over all, bytes; -thread.")
    private String pointText = "1x1000x64";

    @Override
    public Integer call() throws Exception {
        CallPoint point = CallPoint.parse(pointText);
        CallerOptions options = new CallerOptions(port, point.connections(), point.inFlight());
        try (Caller caller = CallContestant.named(name).connect(options)) {
            CallLoop loop = new CallLoop(caller, point);
            // A thread that asks requests is part of what is measured; the one that answers questions is not.
            ExecutorService application = Executors.newSingleThreadExecutor();
            Questions.serve(pointText, question -> {
                if (question.equals("figures")) {
                    return JvmFigures.now();
                }
                long nanos = Duration.ofMillis(Long.parseLong(question)).toNanos();
                return application.submit(() -> loop.run(nanos)).get();
            });
        }
        System.exit(ExitCode.OK); // clients may have threads that go on for a while
        return ExitCode.OK;
    }
}

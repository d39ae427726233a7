package io.millrace.benchmarks.micro;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.Main;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Unmatched;

/** Runs the micro-benchmarks, with bytes allocated beside the time; JMH reads all options that are not ours. */
@Command(
        name = "micro",
        description = "Run micro-benchmarks, and measure what they allocate.",
        footer = {
            "",
            "All other arguments are JMH's: regular expressions that choose benchmarks, and options",
            "such as -l (list them), -f 3 (JVMs for each), -i 10 (iterations), -p inFlight=32.",
            "JMH's own help: micro -- -h"
        })
public final class MicroCommand implements Callable<Integer> {
    /** JMH's options that print something instead of measuring. */
    private static final Set<String> QUESTIONS = Set.of("-h", "-l", "-lp", "-lprof", "-lrf");

    private static final TimeValue QUICK = TimeValue.milliseconds(100);

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JMH's JSON.")
    private @Nullable Path json;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Write the results as a table.")
    private @Nullable Path markdown;

    @Option(names = "--quick", description = "A tenth of the time: whether it works, not how fast it is.")
    private boolean quick;

    @Unmatched
    private final List<String> jmhArguments = new ArrayList<>();

    @Override
    public Integer call() throws IOException, RunnerException, CommandLineOptionException {
        String[] arguments = jmhArguments.toArray(new String[0]);
        if (jmhArguments.stream().anyMatch(QUESTIONS::contains)) {
            Main.main(arguments);
            return ExitCode.OK;
        }
        Collection<RunResult> results = run(new CommandLineOptions(arguments));
        if (markdown != null) {
            Files.writeString(markdown, ResultTable.of(results), StandardCharsets.UTF_8);
        }
        return results.isEmpty() ? ExitCode.SOFTWARE : ExitCode.OK;
    }

    private Collection<RunResult> run(CommandLineOptions chosen) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder().parent(chosen);
        if (chosen.getProfilers().stream()
                .noneMatch(profiler -> profiler.getKlass().equals("gc"))) {
            options.addProfiler(GCProfiler.class);
        }
        if (json != null) {
            options.resultFormat(ResultFormatType.JSON).result(json.toString());
        }
        if (quick) {
            options.forks(chosen.getForkCount().orElse(1))
                    .warmupIterations(1)
                    .warmupTime(QUICK)
                    .measurementIterations(1)
                    .measurementTime(QUICK);
        }
        return new Runner(options.build()).run();
    }
}

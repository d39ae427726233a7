package io.millrace.benchmarks.run;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.lineup.Contestants;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.table.RunTables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Puts echo servers side by side and prints a table for each point. */
@Command(
        name = "compare",
        description = {
            "Put echo servers side by side, in turns, each in a JVM pinned to one processor.",
            "Prints for each point the medians, and how many times better each is than the best peer and the bare loop."
        })
public final class CompareCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(
            names = "--points",
            split = ",",
            paramLabel = "CxFxB",
            description = "Connections, in flight on each, bytes of a message. Default: the eight that are published.")
    private List<String> points = List.of();

    @Option(
            names = "--contestants",
            split = ",",
            paramLabel = "NAME",
            completionCandidates = EchoNames.class,
            description = "${COMPLETION-CANDIDATES}. Default: all that can run here.")
    private List<String> contestants = List.of();

    @Option(names = "--trials", paramLabel = "N", description = "How often all JVMs start afresh. Default: 3.")
    private @Nullable Integer trials;

    @Option(names = "--rounds", paramLabel = "N", description = "Turns of each contestant in a trial. Default: 5.")
    private @Nullable Integer rounds;

    @Option(names = "--warm", paramLabel = "MILLIS", description = "Load of each before the rounds. Default: 2500.")
    private @Nullable Integer warmMillis;

    @Option(names = "--round-time", paramLabel = "MILLIS", description = "Length of a turn. Default: 500.")
    private @Nullable Integer roundMillis;

    @Option(names = "--quick", description = "Short turns of one trial: whether everything runs, not how fast.")
    private boolean isQuick;

    @Option(
            names = "--latency",
            description = "Send at a fixed rate instead, and count latency from when a message was due.")
    private boolean isLatency;

    @Option(
            names = "--rate",
            split = ",",
            paramLabel = "PER_SECOND",
            description = "With --latency: messages over all connections. Default: 20, 50 and 80 %% of what the slowest"
                    + " contestant echoes with its messages always in flight.")
    private List<Integer> rates = List.of();

    @Option(names = "--out", paramLabel = "FILE", description = "Write the results as JSON.")
    private @Nullable Path json;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Write the tables as Markdown.")
    private @Nullable Path markdown;

    /** Who can be compared, for the help. */
    private static final class EchoNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Contestants.in(Role.ECHO).stream().map(Contestant::name).iterator();
        }
    }

    @Override
    public Integer call() throws Exception {
        RunPlan plan = plan();
        Scenario scenario = isLatency ? new LatencyScenario(rates) : new EchoScenario();
        Environment environment = Environment.now(
                String.join(" ", spec.commandLine().getParseResult().originalArgs()));
        RunResult run;
        try (Progress progress = Progress.start(scenario.name())) {
            run = new RunResult(environment, scenario.measure(plan, progress));
        }
        System.out.println(RunTables.text(run));
        if (json != null) {
            run.write(json);
        }
        if (markdown != null) {
            Files.writeString(markdown, RunTables.markdown(run));
        }
        boolean isEmpty = run.points().stream().allMatch(point -> point.series().isEmpty());
        return isEmpty ? ExitCode.SOFTWARE : ExitCode.OK;
    }

    /** Reads the options; what is wrong with them is said with the usage. */
    private RunPlan plan() {
        try {
            points.forEach(EchoPoint::parse);
            contestants.forEach(name -> Contestants.find(Role.ECHO, name));
            RunPlan base = isQuick ? RunPlan.quick() : RunPlan.standard();
            return new RunPlan(
                    or(trials, base.trials()),
                    or(rounds, base.roundsPerTrial()),
                    or(warmMillis, base.warmMillis()),
                    or(roundMillis, base.roundMillis()),
                    new LinkedHashSet<>(contestants),
                    points);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static int or(@Nullable Integer value, int base) {
        return value == null ? base : value;
    }
}

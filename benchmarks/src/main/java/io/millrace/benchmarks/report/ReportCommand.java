package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Measures every scenario and writes docs/performance.md, anew after each of them: an interruption or a failure loses
 * only one.
 */
@Command(
        name = "report",
        description = {
            "Measure everything and write docs/performance.md; run it in the repository.",
            "It takes an hour and a quarter on a machine that does nothing else."
        })
public final class ReportCommand implements Callable<Integer> {
    @Option(names = "--from", paramLabel = "FILE", description = "Measure nothing: write the page from these results.")
    private @Nullable Path from;

    @Option(
            names = "--only",
            paramLabel = "SCENARIO",
            split = ",",
            completionCandidates = ScenarioNames.class,
            description = "Measure these, and take the others from docs/performance/results.json:"
                    + " ${COMPLETION-CANDIDATES}.")
    private Set<String> only = Set.of();

    @Option(names = "--quick", description = "Few and short rounds: whether everything runs, not how fast.")
    private boolean isQuick;

    @Option(names = "--root", paramLabel = "FOLDER", description = "The repository; the working directory by default.")
    private Path root = Path.of("");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** What can be measured alone, for the help. */
    private static final class ScenarioNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Scenarios.all().stream().map(Scenario::name).iterator();
        }
    }

    @Override
    public Integer call() throws Exception {
        Map<String, Exception> failures;
        try {
            failures = report(new Publication(root));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        System.out.println("wrote docs/performance.md, its charts, and the summary in README.md");
        if (failures.isEmpty()) {
            return ExitCode.OK;
        }
        System.err.println("NOT MEASURED:");
        failures.forEach((scenario, failure) -> System.err.println("  " + scenario + ": " + failure));
        System.err.println("Measure these with --only " + String.join(",", failures.keySet()));
        return ExitCode.SOFTWARE;
    }

    /** Returns why scenarios could not be measured, by their names. */
    private Map<String, Exception> report(Publication publication) throws IOException {
        if (from == null) {
            return measure(publication);
        }
        if (!Files.isReadable(from)) {
            throw new IllegalArgumentException("--from is " + from + "; there is no such file");
        }
        publication.write(RunResult.read(from));
        return Map.of();
    }

    private List<Scenario> wanted() {
        only.forEach(Part::of);
        List<Scenario> wanted = Scenarios.all().stream()
                .filter(scenario -> only.isEmpty() || only.contains(scenario.name()))
                .toList();
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("--only is " + String.join(",", only) + "; there are "
                    + Scenarios.all().stream().map(Scenario::name).collect(Collectors.joining(", ")));
        }
        return wanted;
    }

    private Map<String, Exception> measure(Publication publication) throws IOException {
        List<Scenario> scenarios = wanted();
        Environment environment = Environment.now("java -jar benchmarks/target/millrace-benchmarks.jar "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs()));
        for (Scenario scenario : scenarios) {
            environment = environment.withVersions(scenario.versions());
        }
        boolean isAddition = !only.isEmpty() && Files.exists(publication.results());
        RunResult known = isAddition ? RunResult.read(publication.results()) : new RunResult(environment, List.of());
        RunPlan plan = isQuick ? RunPlan.quick() : RunPlan.standard();
        return new Survey(publication, plan, environment).run(known, scenarios);
    }
}

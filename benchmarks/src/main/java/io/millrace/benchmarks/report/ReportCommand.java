package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.result.Environment;
import io.millrace.benchmarks.result.RunResult;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

/** Measures every scenario and writes docs/performance.md, anew after each of them: an interruption loses only one. */
@Command(name = "report", description = "Measure everything and write docs/performance.md; run it in the repository.")
public final class ReportCommand implements Callable<Integer> {
    @Option(names = "--from", paramLabel = "FILE", description = "Measure nothing: write the page from these results.")
    private @Nullable Path from;

    @Option(
            names = "--only",
            paramLabel = "SCENARIO",
            split = ",",
            description = "Measure these, and take the others from docs/performance/results.json.")
    private Set<String> only = Set.of();

    @Option(names = "--quick", description = "Few and short rounds: whether everything runs, not how fast.")
    private boolean isQuick;

    @Option(names = "--root", paramLabel = "FOLDER", description = "The repository; the working directory by default.")
    private Path root = Path.of("");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws Exception {
        try {
            report(new Publication(root));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        System.out.println("wrote docs/performance.md, its charts, and the summary in README.md");
        return ExitCode.OK;
    }

    private void report(Publication publication) throws Exception {
        if (from == null) {
            measure(publication);
        } else if (Files.isReadable(from)) {
            publication.write(RunResult.read(from));
        } else {
            throw new IllegalArgumentException("--from is " + from + "; there is no such file");
        }
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

    private void measure(Publication publication) throws Exception {
        List<Scenario> scenarios = wanted();
        Environment environment = Environment.now("java -jar benchmarks/target/millrace-benchmarks.jar "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs()));
        boolean isAddition = !only.isEmpty() && Files.exists(publication.results());
        RunResult known = isAddition ? RunResult.read(publication.results()) : new RunResult(environment, List.of());
        new Survey(publication, isQuick ? RunPlan.quick() : RunPlan.standard(), environment).run(known, scenarios);
    }
}

package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Findings;
import io.millrace.benchmarks.result.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** All that is generated from a run, in the repository: the page, its charts, and the README's summary. */
final class Publication {
    /** Where the run itself lies. */
    static final String RESULTS = "docs/performance/results.json";

    private static final String README = "README.md";
    private static final String BEGIN = "<!-- performance: the report command of benchmarks writes what follows -->\n";
    private static final String END = "<!-- performance: end -->\n";

    private final Path root;

    /**
     * Makes one.
     *
     * @param root the folder of the repository
     * @throws IllegalArgumentException if its README has no place for the summary
     */
    Publication(Path root) throws IOException {
        this.root = root;
        if (!Files.exists(root.resolve(README))) {
            throw new IllegalArgumentException("repository is " + root.toAbsolutePath() + "; it has no " + README
                    + ": run this in the repository");
        }
        withSummary(Files.readString(root.resolve(README)), "");
    }

    /** Returns where the results lie. */
    Path results() {
        return root.resolve(RESULTS);
    }

    /** Returns the text of every generated file by its path below the root. */
    Map<String, String> render(RunResult run) throws IOException {
        Map<String, String> charts = new Charts(new Findings(run)).all();
        Page page = new Page(run, charts.keySet());
        Map<String, String> files = new TreeMap<>();
        charts.forEach((name, svg) -> files.put("docs/performance/" + name + ".svg", svg));
        files.put("docs/performance.md", page.fill(Template.read("performance.md")));
        files.put(README, withSummary(Files.readString(root.resolve(README)), page.fill(Template.read("readme.md"))));
        return files;
    }

    /** Writes the results and all that is generated from them. */
    void write(RunResult run) throws IOException {
        Map<String, String> files = render(run);
        run.write(results());
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(root.resolve(file.getKey()), file.getValue());
        }
    }

    /** Returns the README with another summary. */
    static String withSummary(String readme, String summary) {
        int begin = readme.indexOf(BEGIN);
        int end = readme.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException(
                    README + " has no place for the summary; it needs the lines\n" + BEGIN + END);
        }
        return readme.substring(0, begin + BEGIN.length()) + "\n" + summary.strip() + "\n\n" + readme.substring(end);
    }
}

package io.millrace.samples.ladder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The page that explains the ladder: its words are written by hand, its tables and its chart are generated. */
public final class LadderPage {
    private static final String PAGE = "io-models.md";
    private static final String CHART = "io-models.svg";
    private static final String BEGIN = "<!-- io-models: the sample io-models writes what follows -->\n";
    private static final String END = "<!-- io-models: end -->\n";

    private final Path folder;

    private LadderPage(Path folder) {
        this.folder = folder;
    }

    /**
     * Finds the page.
     *
     * @throws IllegalArgumentException if it is not there, or has no place for what is generated
     */
    public static LadderPage in(Path folder) throws IOException {
        if (!Files.exists(folder.resolve(PAGE))) {
            throw new IllegalArgumentException(
                    "--write is " + folder + "; it has no " + PAGE + ": name the folder docs of the repository");
        }
        withSection(Files.readString(folder.resolve(PAGE)), "");
        return new LadderPage(folder);
    }

    /** Writes the chart, and the tables into the page. */
    public void write(LadderReport report, String command) throws IOException {
        Path page = folder.resolve(PAGE);
        String text = withSection(Files.readString(page), section(report, command));
        Files.writeString(folder.resolve(CHART), LadderChart.draw(report));
        Files.writeString(page, text);
    }

    /** Returns the page with another generated section. */
    static String withSection(String page, String section) {
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException(
                    PAGE + " has no place for the tables; it needs the lines\n" + BEGIN + END);
        }
        return page.substring(0, begin + BEGIN.length()) + "\n" + section.strip() + "\n\n" + page.substring(end);
    }

    /** Returns what is generated: where it was measured, the chart, and a table for each load. */
    static String section(LadderReport report, String command) throws IOException {
        StringBuilder text = new StringBuilder();
        text.append("| | |\n|---|---|\n");
        row(text, "when", Instant.now().truncatedTo(ChronoUnit.SECONDS));
        row(text, "processor", Processors.describe());
        row(text, "kernel", properties("os.name", "os.version", "os.arch"));
        row(text, "JDK", properties("java.runtime.version", "java.vendor"));
        row(text, "processors", Processors.share());
        row(
                text,
                "rounds",
                report.rounds() + ", each of all rungs in fresh JVMs; the median, and the lowest to the highest");
        row(text, "command", "`" + command + "`");
        text.append("\n![Messages per second and CPU per message of every rung under every load](" + CHART + ")\n");
        for (int load : report.loads()) {
            text.append("\n### ").append(LadderReport.words(load)).append("\n\n");
            text.append(
                    "| rung | messages/s | CPU µs per message | threads | load's CPU |\n|---|---:|---:|---:|---:|\n");
            for (Result one : report.under(load)) {
                text.append(String.format(
                        Locale.ROOT,
                        "| `%s` | %s | %s | %,d | %.0f %% |\n",
                        one.rung(),
                        one.messagesPerSecond().words("%,.0f"),
                        one.cpuMicros().words("%,.1f"),
                        one.threads(),
                        100 * one.loadShare()));
            }
        }
        report.notices().forEach(notice -> text.append("\n").append(notice).append("\n"));
        String missing = Arrays.stream(Rung.values())
                .filter(rung -> !report.rungs().contains(rung))
                .map(Rung::toString)
                .collect(Collectors.joining(", "));
        if (!missing.isEmpty()) {
            text.append("\nNot measured in this run: ").append(missing).append(".\n");
        }
        return text.toString();
    }

    private static void row(StringBuilder text, String name, Object value) {
        text.append("| ").append(name).append(" | ").append(value).append(" |\n");
    }

    private static String properties(String... names) {
        return Arrays.stream(names).map(System::getProperty).collect(Collectors.joining(" "));
    }
}

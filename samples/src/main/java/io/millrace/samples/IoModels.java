package io.millrace.samples;

import io.millrace.samples.ladder.Ladder;
import io.millrace.samples.ladder.LadderChart;
import io.millrace.samples.ladder.LadderPage;
import io.millrace.samples.ladder.LadderReport;
import io.millrace.samples.ladder.Measurement;
import io.millrace.samples.ladder.Rung;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Puts the same load on echo servers of every I/O model, from a thread per connection to Millrace. */
@Command(
        name = "io-models",
        sortOptions = false,
        description = "The same load on echo servers of every I/O model, with a table and a chart of what each costs.")
public final class IoModels implements Callable<Integer> {
    private static final double QUICK_SECONDS = 1;
    private static final double PUBLISHED_SECONDS = 2;
    private static final int PUBLISHED_ROUNDS = 3;

    @Option(
            names = "--rungs",
            paramLabel = "NAME",
            split = ",",
            description = "Which, of ${COMPLETION-CANDIDATES} (default: all).")
    private List<Rung> rungs = List.of(Rung.values());

    @Option(
            names = "--connections",
            paramLabel = "N",
            split = ",",
            description = "Connections of each load, with one message of 64 bytes on its way on each"
                    + " (default: 1,64,1000).")
    private List<Integer> connections = List.of(1, 64, 1000);

    @Option(
            names = "--seconds",
            paramLabel = "SECONDS",
            description = "How long each load is measured in a round (default: 1, or 2 with --write).")
    private @Nullable Double seconds;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often all rungs are measured, in fresh JVMs (default: 1, or 3 with --write).")
    private @Nullable Integer rounds;

    @Option(names = "--chart", paramLabel = "FILE", description = "Also draws the chart as an SVG file.")
    private @Nullable Path chart;

    @Option(
            names = "--write",
            paramLabel = "FOLDER",
            description = "Also writes the tables and the chart into io-models.md and io-models.svg in this folder.")
    private @Nullable Path folder;

    @Mixin
    private final Console console = new Console();

    /**
     * Runs the sample by itself.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new IoModels()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        connections.forEach(count -> Main.requirePositive("--connections", count));
        LadderPage page = folder == null ? null : LadderPage.in(folder);
        double time = seconds != null ? seconds : page != null ? PUBLISHED_SECONDS : QUICK_SECONDS;
        if (!(time > 0)) {
            throw new IllegalArgumentException("--seconds is " + seconds + "; it must be above 0");
        }
        int times = rounds != null ? rounds : page != null ? PUBLISHED_ROUNDS : 1;
        console.requirePositive("--rounds");
        if (rungs.stream().noneMatch(Rung::isPresent)) {
            throw new IllegalArgumentException("--rungs is " + Rung.VIRTUAL_THREADS + " alone; " + leftOut());
        }
        LadderReport report = new LadderReport(climb(time, times));
        PrintWriter out = console.out();
        report.printTable(out);
        report.printBars(out, Console.charset().equals(StandardCharsets.UTF_8) ? '█' : '#');
        if (chart != null) {
            Files.writeString(chart, LadderChart.draw(report));
        }
        if (page != null) {
            page.write(report, "io-models --write docs --seconds " + time + " --rounds " + times);
        }
        return ExitCode.OK;
    }

    private static String leftOut() {
        return "it needs Java 21 or newer, and this is Java "
                + Runtime.version().feature();
    }

    private List<Measurement> climb(double time, int times) throws Exception {
        PrintWriter err = console.err();
        List<Rung> present = rungs.stream().filter(Rung::isPresent).toList();
        if (present.size() < rungs.size()) {
            err.println(Rung.VIRTUAL_THREADS + " is left out: " + leftOut());
        }
        Ladder ladder = new Ladder(present, connections, time, times);
        FutureTask<List<Measurement>> climb = new FutureTask<>(ladder::climb);
        Thread climber = new Thread(climb, "climber");
        climber.setDaemon(true);
        climber.start();
        new Progress("climbing", ladder.total(), "loads", ladder::done, ladder::note).watch(climb, err);
        return climb.get();
    }
}

package io.millrace.benchmarks.run;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows on standard error how far a run is: a bar on a terminal, otherwise a line now and then.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
public final class Progress implements AutoCloseable {
    private static final int BAR_UPDATE_MILLIS = 500;
    private static final int LINE_UPDATE_MILLIS = 15_000;

    private static final int LINE_LENGTH = 120;

    private final ProgressBar bar;

    private final PrintStream out;

    private Progress(ProgressBar bar, PrintStream out) {
        this.bar = bar;
        this.out = out;
    }

    /** Begins to show progress on standard error; steps are announced with {@link #expect}. */
    public static Progress start(String title) {
        return isTerminal()
                ? new Progress(
                        builder(title)
                                .setUpdateIntervalMillis(BAR_UPDATE_MILLIS)
                                .build(),
                        System.err)
                : lines(title, System.err);
    }

    /** Begins to print lines. */
    static Progress lines(String title, PrintStream out) {
        return new Progress(
                builder(title)
                        .setUpdateIntervalMillis(LINE_UPDATE_MILLIS)
                        .setConsumer(new DelegatingProgressBarConsumer(out::println, LINE_LENGTH))
                        .build(),
                out);
    }

    private static ProgressBarBuilder builder(String title) {
        return new ProgressBarBuilder().setTaskName(title).setInitialMax(0).setStyle(ProgressBarStyle.ASCII);
    }

    /** Looks at what standard error is; a console object exists on newer JDKs even where there is no terminal. */
    private static boolean isTerminal() {
        try {
            Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/2"));
            return target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
        } catch (IOException | UnsupportedOperationException unknown) {
            return false;
        }
    }

    /** Adds steps to those that are to be done; a scenario calls it first. */
    public void expect(long steps) {
        bar.maxHint(bar.getMax() + steps);
    }

    /** Says what is being done now. */
    public void doing(String what) {
        bar.setExtraMessage(" " + what);
    }

    /** Counts a step as done. */
    public void step() {
        step(1);
    }

    /** Counts steps as done, also those that are left out. */
    public void step(long steps) {
        bar.stepBy(steps);
    }

    /** Prints a line that stays, such as why a contestant is left out. */
    public void note(String line) {
        out.println();
        out.println(line);
    }

    @Override
    public void close() {
        bar.close();
    }
}

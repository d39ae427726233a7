package io.millrace.samples;

import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far a run has come while the calling thread waits for its end: as a bar on a terminal, otherwise as a line
 * about once a second. Either goes to standard error, so that standard output holds results only.
 *
 * @param task what is being done
 * @param total how much there is to do
 * @param unit of what
 * @param done how much of it is done; called by the waiting thread
 * @param note what else is worth knowing; called by the waiting thread
 */
record Progress(String task, long total, String unit, LongSupplier done, Supplier<String> note) {
    private static final int BAR_MILLIS = 100;
    private static final int LINE_MILLIS = 1000;

    /** Waits until the run has ended, well or not; the caller asks the future how. */
    void watch(Future<?> end, PrintWriter err) throws InterruptedException {
        if (!isTerminal()) {
            while (!hasEnded(end, LINE_MILLIS)) {
                err.printf(Locale.ROOT, "%s: %,d of %,d %s, %s%n", task, done.getAsLong(), total, unit, note.get());
            }
            return;
        }
        try (ProgressBar bar = newBar()) {
            while (!hasEnded(end, BAR_MILLIS)) {
                show(bar);
            }
            show(bar);
        }
    }

    /** There is a console if standard input and standard output are a terminal; Java 22 to 24 say always. */
    @SuppressWarnings("SystemConsoleNull")
    static boolean isTerminal() {
        return System.console() != null;
    }

    private void show(ProgressBar bar) {
        bar.stepTo(Math.min(done.getAsLong(), total));
        bar.setExtraMessage(note.get());
    }

    private ProgressBar newBar() {
        boolean unicode = Charset.defaultCharset().equals(StandardCharsets.UTF_8);
        return new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(" " + unit, 1)
                .setStyle(unicode ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(BAR_MILLIS)
                .build();
    }

    private static boolean hasEnded(Future<?> end, long millis) throws InterruptedException {
        try {
            end.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (ExecutionException failed) {
            return true;
        } catch (TimeoutException notYet) {
            return false;
        }
    }
}

package io.millrace.benchmarks.child;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A JVM that runs one command of this jar and answers each line that it is asked with one line. It ends when its pipe
 * does, and so never outlives this process. What it writes to standard error is kept as the reason, should it fail.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
public final class Child implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 10;

    /** Longer than any one question takes; a child that says nothing for so long is stuck. */
    private static final long ANSWER_SECONDS = 120;

    private static final ScheduledExecutorService TIMER = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "ends children that are stuck");
        thread.setDaemon(true);
        return thread;
    });

    /** Those that are to be ended if this process is told to end. */
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(Process::destroyForcibly)));
    }

    private final String command;
    private final Process process;
    private final LastWords lastWords;
    private final BufferedWriter questions;
    private final BufferedReader answers;
    private final ProcessFigures figures;

    private Child(String command, Process process) {
        this.command = command;
        this.process = process;
        lastWords = LastWords.of(process.errorReader(StandardCharsets.UTF_8));
        ALIVE.add(process);
        questions = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
        figures = new ProcessFigures(process.pid());
    }

    /**
     * Starts a command.
     *
     * @param cpu where it runs
     * @param jvmOptions such as {@code -Xmx256m}
     * @param command a subcommand of this jar and its options
     */
    public static Child start(Cpu cpu, List<String> jvmOptions, List<String> command) throws IOException {
        List<String> words = new ArrayList<>(cpu.prefix());
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(jvmOptions);
        words.add("-cp");
        words.add(System.getProperty("java.class.path"));
        words.add("io.millrace.benchmarks.Benchmarks");
        words.addAll(command);
        return new Child(String.join(" ", command), new ProcessBuilder(words).start());
    }

    /**
     * Writes a line and returns the line that answers it.
     *
     * @throws IOException if the child has ended, or gave no answer for two minutes; it says why
     */
    public String ask(String question) throws IOException {
        try {
            questions.write(question);
            questions.newLine();
            questions.flush();
        } catch (IOException e) {
            throw ended(e);
        }
        return answer();
    }

    /** Returns the child's next line. */
    public String answer() throws IOException {
        ScheduledFuture<?> limit = TIMER.schedule(process::destroyForcibly, ANSWER_SECONDS, TimeUnit.SECONDS);
        String line;
        try {
            line = answers.readLine();
        } finally {
            limit.cancel(false);
        }
        if (line == null) {
            throw ended(limit.isDone() && !limit.isCancelled() ? new IOException("no answer in time") : null);
        }
        return line;
    }

    /** Returns the last lines that it wrote to standard error so far, as one; empty if it wrote none. */
    public String lastWords() {
        return lastWords.text();
    }

    private IOException ended(@Nullable IOException cause) {
        awaitEnd();
        String words = lastWords.textAtEnd();
        return new IOException(command + " ended early: " + (words.isEmpty() ? "it said nothing" : words), cause);
    }

    /** Returns the processor time of all its living threads, the collector's and the compiler's included. */
    public long cpuNanos() throws IOException {
        return figures.cpuNanos();
    }

    /** Returns how much of it is the compiler's. */
    public long compilerNanos() throws IOException {
        return figures.compilerNanos();
    }

    /** Counts its objects. */
    public Census census() throws IOException {
        return Census.of(process);
    }

    /** Returns the memory of the machine that it holds. */
    public long residentBytes() throws IOException {
        return figures.residentBytes();
    }

    @Override
    public void close() {
        try {
            questions.close();
        } catch (IOException e) {
            process.destroyForcibly(); // the pipe broke: it has ended, or is about to
        }
        awaitEnd();
        ALIVE.remove(process);
    }

    private void awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

package io.millrace.benchmarks.child;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A JVM that runs one command of this jar and answers each line that it is asked with one line. It ends when its pipe
 * does, and so never outlives this process.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
public final class Child implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 10;

    private final Process process;
    private final BufferedWriter questions;
    private final BufferedReader answers;
    private final ProcessFigures figures;

    private Child(Process process) {
        this.process = process;
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
        return new Child(new ProcessBuilder(words)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** Writes a line and returns the line that answers it. */
    public String ask(String question) throws IOException {
        questions.write(question);
        questions.newLine();
        questions.flush();
        return answer();
    }

    /** Returns the child's next line. */
    public String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("a child process ended early; see what it printed above");
        }
        return line;
    }

    /** Returns the processor time of all its living threads, the collector's and the compiler's included. */
    public long cpuNanos() throws IOException {
        return figures.cpuNanos();
    }

    /** Returns the memory of the machine that it holds. */
    public long residentBytes() throws IOException {
        return figures.residentBytes();
    }

    @Override
    public void close() throws IOException {
        questions.close();
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

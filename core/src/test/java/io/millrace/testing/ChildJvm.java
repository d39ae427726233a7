package io.millrace.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program run in a JVM of its own, for tests that need flags, limits, a crash or a clean exit.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: started by {@link #start}; {@link #close()} kills it if it still runs, by its handle.
 *
 * <p>Errors: a wait that takes too long kills the program and fails with what it has printed.
 */
public final class ChildJvm implements AutoCloseable {
    private final Process process;
    private final Thread reader;

    // Guarded by itself.
    private final StringBuffer output = new StringBuffer();

    private ChildJvm(Process process) {
        this.process = process;
        this.reader = new Thread(this::readOutput, "child-jvm-output");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a program with the class path of the test.
     *
     * @param main its main class
     * @param flags flags of the JVM
     * @param arguments arguments of the program
     * @return the running program
     * @throws IOException if it cannot be started
     */
    public static ChildJvm start(Class<?> main, List<String> flags, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return new ChildJvm(
                new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    private void readOutput() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                output.append(line).append('\n');
            }
        } catch (IOException e) {
            output.append("output lost: ").append(e).append('\n');
        }
    }

    /**
     * Waits until the program has ended by itself.
     *
     * @param timeout how long at most
     * @return its exit code
     * @throws InterruptedException if the wait is interrupted
     */
    public int awaitExit(Duration timeout) throws InterruptedException {
        if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
            kill();
            throw new AssertionError("the program did not end within " + timeout + "; it printed:\n" + output());
        }
        reader.join(timeout.toMillis());
        return process.exitValue();
    }

    /**
     * Returns what the program has printed so far, errors included.
     *
     * @return its output
     */
    public String output() {
        return output.toString();
    }

    /**
     * Returns the handle of the program.
     *
     * @return the process, for signals and for its number
     */
    public ProcessHandle handle() {
        return process.toHandle();
    }

    /** Kills the program at once, as {@code kill -9} does. */
    public void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        kill();
    }
}

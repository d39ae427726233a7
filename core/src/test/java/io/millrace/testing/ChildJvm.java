package io.millrace.testing;

import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program run in a JVM of its own, for tests that need flags, limits, a crash or a clean exit.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: started by {@link #start} or {@link Builder#start}; {@link #close()} kills it if it still runs, by its
 * handle.
 *
 * <p>Errors: a wait that takes too long kills the program and fails with what it has printed.
 */
public final class ChildJvm implements AutoCloseable {
    // Those that the build gives to every JVM of tests, so that short programs start quickly.
    private static final String FLAGS = "millrace.test.jvm";
    private static final String LOGGING = "logback.configurationFile";

    private final Process process;
    private final Thread reader;

    // Guarded by itself.
    private final StringBuilder output = new StringBuilder();

    private ChildJvm(Process process) {
        this.process = process;
        this.reader = new Thread(this::readOutput, "child-jvm-output");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a program with the class path of the test and no limits.
     *
     * @param main its main class
     * @param flags flags of the JVM
     * @param arguments arguments of the program
     * @return the running program
     * @throws IOException if it cannot be started
     */
    public static ChildJvm start(Class<?> main, List<String> flags, String... arguments) throws IOException {
        return of(main, arguments).flags(flags).start();
    }

    /**
     * Returns a builder for a program with the class path and the logging of the test, and no limits.
     *
     * @param main its main class
     * @param arguments arguments of the program
     * @return a new builder
     */
    public static Builder of(Class<?> main, String... arguments) {
        return new Builder(main, arguments);
    }

    private void readOutput() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                append(line);
            }
        } catch (IOException e) {
            append("output lost: " + e);
        }
    }

    private void append(String line) {
        synchronized (output) {
            output.append(line).append('\n');
            output.notifyAll();
        }
    }

    /**
     * Waits until the program has printed something.
     *
     * @param text any part of its output
     * @param timeout how long at most
     * @throws InterruptedException if the wait is interrupted
     */
    public void awaitOutput(String text, Duration timeout) throws InterruptedException {
        long endNanos = System.nanoTime() + timeout.toNanos();
        synchronized (output) {
            while (output.indexOf(text) < 0) {
                long leftNanos = endNanos - System.nanoTime();
                if (leftNanos <= 0) {
                    kill();
                    throw new AssertionError("did not print '" + text + "' within " + timeout + ", but:\n" + output);
                }
                TimeUnit.NANOSECONDS.timedWait(output, leftNanos);
            }
        }
    }

    /**
     * Sends the program a line on its standard input.
     *
     * @param line the line, without its end
     * @throws IOException if the program has ended
     */
    public void println(String line) throws IOException {
        OutputStream input = process.getOutputStream();
        input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
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
        synchronized (output) {
            return output.toString();
        }
    }

    /**
     * Returns the handle of the program.
     *
     * @return the process
     */
    public ProcessHandle handle() {
        return process.toHandle();
    }

    /**
     * Stops the program where it is, as {@code kill -STOP} does: the system keeps its connections alive meanwhile.
     *
     * @throws IOException if there is no such signal here, or no such program any more
     * @throws InterruptedException if the wait for it is interrupted
     */
    public void pause() throws IOException, InterruptedException {
        signal("STOP");
        // The signal stops a thread when that is next scheduled, which may be after this call on a busy machine.
        await("the program is stopped").atMost(10, TimeUnit.SECONDS).until(this::isStopped);
    }

    private boolean isStopped() throws IOException {
        Path threads = Path.of("/proc", Long.toString(handle().pid()), "task");
        if (!Files.isDirectory(threads)) {
            return true;
        }
        try (Stream<Path> all = Files.list(threads)) {
            return all.allMatch(thread -> state(thread) == 'T');
        }
    }

    /** Returns the letter behind the name of a thread, which may hold spaces and brackets itself. */
    private static char state(Path thread) {
        try {
            String stat = Files.readString(thread.resolve("stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException ended) {
            return 'T';
        }
    }

    /**
     * Lets the program go on, as {@code kill -CONT} does.
     *
     * @throws IOException if there is no such signal here, or no such program any more
     * @throws InterruptedException if the wait for it is interrupted
     */
    public void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    /**
     * Asks the program to end, as {@code kill -TERM} does: its shutdown hooks run.
     *
     * @throws IOException if there is no such signal here, or no such program any more
     * @throws InterruptedException if the wait for it is interrupted
     */
    public void terminate() throws IOException, InterruptedException {
        signal("TERM");
    }

    /** The shell execs the JVM, so the number is the JVM's own; it is sent nothing once that has ended. */
    private void signal(String name) throws IOException, InterruptedException {
        if (!process.isAlive()) {
            throw new IOException("cannot send " + name + ": the program has ended; it printed:\n" + output());
        }
        Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid())
                .redirectErrorStream(true)
                .start();
        String said = new String(kill.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (kill.waitFor() != 0) {
            throw new IOException("cannot send " + name + ": " + said);
        }
    }

    /** Kills the program at once, as {@code kill -9} does. */
    public void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        kill();
    }

    /** Collects flags and limits. Not thread-safe. */
    public static final class Builder {
        private final Class<?> main;
        private final List<String> arguments;
        private final List<String> flags = new ArrayList<>();
        private final List<String> launcher = new ArrayList<>();
        private int descriptors;

        private Builder(Class<?> main, String... arguments) {
            this.main = main;
            this.arguments = List.of(arguments);
            String common = System.getProperty(FLAGS, "");
            if (!common.isBlank()) {
                flags.addAll(List.of(common.split(" ")));
                flags.add("-D" + FLAGS + "=" + common);
            }
            flags.add("-D" + LOGGING + "=" + System.getProperty(LOGGING, "io/millrace/testing/logback-testing.xml"));
        }

        /**
         * Adds flags of the JVM.
         *
         * @param more such as {@code -Dname=value}
         * @return this
         */
        public Builder flags(List<String> more) {
            flags.addAll(more);
            return this;
        }

        /**
         * Limits the descriptors; a JVM needs about 20 for itself. Needs a POSIX shell.
         *
         * @param count the most that may be open at once
         * @return this
         */
        public Builder descriptors(int count) {
            this.descriptors = count;
            return this;
        }

        /**
         * Has the JVM started by another program, such as {@code unshare}, {@code env} or a shell script.
         *
         * @param words the program and what it takes before the command; it must replace itself by the command
         * @return this
         */
        public Builder startedBy(String... words) {
            launcher.addAll(List.of(words));
            return this;
        }

        /**
         * Limits the heap.
         *
         * @param mebibytes its largest size in MiB
         * @return this
         */
        public Builder heapMiB(int mebibytes) {
            return flags(List.of("-Xmx" + mebibytes + "m"));
        }

        /**
         * Limits direct memory.
         *
         * @param mebibytes the most that may be reserved, in MiB
         * @return this
         */
        public Builder directMemoryMiB(int mebibytes) {
            return flags(List.of("-XX:MaxDirectMemorySize=" + mebibytes + "m"));
        }

        /**
         * Sets the size of the stack of each thread.
         *
         * @param kibibytes in KiB; the JVM has a least size of its own
         * @return this
         */
        public Builder stackKiB(int kibibytes) {
            return flags(List.of("-Xss" + kibibytes + "k"));
        }

        /**
         * Starts the program.
         *
         * @return the running program
         * @throws IOException if it cannot be started
         */
        public ChildJvm start() throws IOException {
            List<String> command = new ArrayList<>(launcher);
            if (descriptors > 0) {
                command.addAll(List.of("sh", "-c", "ulimit -n " + descriptors + " && exec \"$@\"", "sh"));
            }
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(flags);
            command.add("-cp");
            command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
            command.add(main.getName());
            command.addAll(arguments);
            return new ChildJvm(
                    new ProcessBuilder(command).redirectErrorStream(true).start());
        }
    }
}

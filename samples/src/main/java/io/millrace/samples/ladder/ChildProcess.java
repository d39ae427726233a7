package io.millrace.samples.ladder;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A JVM that runs a main class of this program and answers each line with a line. It ends with its pipe, and so never
 * outlives this process.
 */
final class ChildProcess implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 5;

    private final Process process;
    private final BufferedWriter questions;
    private final BufferedReader answers;

    /** What it said first. */
    private final String greeting;

    private ChildProcess(Process process) throws IOException {
        this.process = process;
        questions = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
        greeting = answer();
    }

    /** Starts a child, on one processor if the system can do that. */
    static ChildProcess start(int processor, Class<?> main, String... args) throws IOException {
        List<String> command = new ArrayList<>(Processors.pin(processor));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // The same for all, and nothing left to what the machine has free.
        command.addAll(List.of("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        return new ChildProcess(
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start());
    }

    String greeting() {
        return greeting;
    }

    /** Asks a question that is answered with numbers. */
    long[] ask(String question) throws IOException {
        try {
            questions.write(question);
            questions.newLine();
            questions.flush();
        } catch (IOException gone) {
            throw endedEarly();
        }
        return Arrays.stream(answer().split(" ", -1)).mapToLong(Long::parseLong).toArray();
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw endedEarly();
        }
        return line;
    }

    private static IOException endedEarly() {
        return new IOException(
                "a child process has ended early; what it wrote above says why, and if that is nothing, it was killed");
    }

    @Override
    public void close() throws IOException {
        try {
            questions.close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}

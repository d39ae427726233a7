package io.millrace.benchmarks.child;

import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.lineup.Contestants;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A contestant that serves on one processor, and a load process on the other.
 *
 * @param server which answers {@code figures} and {@code collect}
 * @param load which has said that it is ready
 */
public record Served(Child server, Child load) implements AutoCloseable {
    /**
     * What a server is started with.
     *
     * @param role that the contestant has
     * @param jvmOptions beside those of all servers and the contestant's own
     * @param options of the subcommand
     */
    public record Serving(Role role, List<String> jvmOptions, List<String> options) {
        /** Returns what a role needs for frames of so many bytes at most. */
        public static Serving of(Role role, int maxFrameBytes) {
            return new Serving(role, List.of(), List.of("--max-frame", Integer.toString(maxFrameBytes)));
        }

        /** Returns this for a proxy to a server. */
        public Serving to(String targetPort) {
            List<String> all = new ArrayList<>(options);
            all.addAll(List.of("--target", targetPort));
            return new Serving(role, jvmOptions, all);
        }

        /** Returns this with more options of the JVM; the last of a kind holds. */
        public Serving withJvm(String... more) {
            return new Serving(role, List.of(more), options);
        }
    }

    /**
     * Starts both.
     *
     * @param loadCommand the load's subcommand and options; the server's port is added
     */
    public static Served start(Serving serving, String contestant, List<String> loadCommand) throws IOException {
        Child server = server(serving, Cpu.SERVER, contestant);
        try {
            List<String> command = new ArrayList<>(loadCommand);
            command.addAll(List.of("--port", server.answer()));
            return start(server, JvmOptions.load(), command);
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** Starts the load of a server that has said its port. */
    public static Served start(Child server, List<String> jvmOptions, List<String> loadCommand) throws IOException {
        Served served = new Served(server, Child.start(Cpu.LOAD, jvmOptions, loadCommand));
        try {
            served.answer(served.load::answer);
            return served;
        } catch (IOException e) {
            served.load.close();
            throw e;
        }
    }

    /** Starts a server only; its first line is its port. */
    public static Child server(Serving serving, Cpu cpu, String contestant) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("serve", "--role", serving.role().name(), "--contestant", contestant));
        command.addAll(serving.options());
        List<String> own = new ArrayList<>(serving.jvmOptions());
        own.addAll(Contestants.find(serving.role(), contestant).jvmOptions());
        return Child.start(cpu, JvmOptions.server(own), command);
    }

    /** Asks the load; if it fails, what the server has said is added to the reason. */
    public String ask(String question) throws IOException {
        return answer(() -> load.ask(question));
    }

    private String answer(Answer answer) throws IOException {
        try {
            return answer.await();
        } catch (IOException e) {
            String words = server.lastWords();
            throw words.isEmpty() ? e : new IOException(e.getMessage() + "; the server said: " + words, e);
        }
    }

    @Override
    public void close() {
        load.close();
        server.close();
    }

    /** What the load is to say. */
    @FunctionalInterface
    private interface Answer {
        String await() throws IOException;
    }
}

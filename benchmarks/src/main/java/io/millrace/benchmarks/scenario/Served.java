package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.Cpu;
import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.lineup.Contestants;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A contestant that serves on one processor, and a load process on the other.
 *
 * @param server which answers {@code figures} and {@code collect}
 * @param load which has said that it is ready
 */
record Served(Child server, Child load) implements AutoCloseable {
    /** What a server is started with. */
    record Serving(Role role, List<String> jvmOptions, List<String> options) {
        static Serving of(Role role) {
            return new Serving(role, List.of("-Xmx256m"), List.of());
        }

        Serving with(String... more) {
            List<String> all = new ArrayList<>(options);
            all.addAll(List.of(more));
            return new Serving(role, jvmOptions, all);
        }
    }

    /**
     * Starts both.
     *
     * @param loadCommand the load's subcommand and options; the server's port is added
     */
    static Served start(Serving serving, String contestant, List<String> loadCommand) throws IOException {
        Child server = server(serving, Cpu.SERVER, contestant);
        try {
            List<String> command = new ArrayList<>(loadCommand);
            command.addAll(List.of("--port", server.answer()));
            Child load = Child.start(Cpu.LOAD, List.of("-Xmx512m"), command);
            load.answer();
            return new Served(server, load);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** Starts a server only; its first line is its port. */
    static Child server(Serving serving, Cpu cpu, String contestant) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("serve", "--role", serving.role().name(), "--contestant", contestant));
        command.addAll(serving.options());
        List<String> options = new ArrayList<>(serving.jvmOptions());
        options.addAll(Contestants.find(serving.role(), contestant).jvmOptions());
        return Child.start(cpu, options, command);
    }

    /** Returns those in a role that the plan wants and that can run here; says so of those that cannot. */
    static List<String> contestants(Role role, RunPlan plan, Progress progress) {
        List<String> names = new ArrayList<>();
        for (Contestant contestant : Contestants.in(role)) {
            // What a flag of the JVM changes about an echo is measured where echoes are.
            boolean isElsewhere = role == Role.ECHO && !contestant.jvmOptions().isEmpty();
            if (plan.wants(contestant.name()) && !isElsewhere) {
                String obstacle = contestant.unavailable();
                if (obstacle.isEmpty()) {
                    names.add(contestant.name());
                } else {
                    progress.note(contestant.name() + " is left out: " + obstacle);
                }
            }
        }
        return names;
    }

    @Override
    public void close() throws IOException {
        try (server) {
            load.close();
        }
    }
}

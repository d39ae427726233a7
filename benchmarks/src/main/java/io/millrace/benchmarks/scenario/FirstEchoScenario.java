package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.ProcessFigures;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.lineup.FirstEcho;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.run.Subject;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * From the start of a JVM until an echo of 64 bytes has come back. Each round is a new JVM with the plain class path
 * and no option; the first start of each contestant is not measured.
 */
public final class FirstEchoScenario implements Scenario {
    /** One connection, one message. */
    private static final String POINT = "1x1x64";

    private static final int PAYLOAD_BYTES = 64;
    private static final int PATIENCE_MILLIS = 10_000;

    @Override
    public String name() {
        return "first-echo";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        // What a trial is elsewhere, fresh JVMs, every round is here.
        RunPlan rounds = new RunPlan(1, plan.trials() * plan.roundsPerTrial(), 0, 1, plan.contestants(), List.of());
        Entrants entrants = Entrants.plain(name(), Role.ECHO, rounds);
        return entrants.measure(List.of(entrants.comparison(POINT, 1, Start::new)), progress);
    }

    /** A contestant that is started anew in each round. */
    private record Start(String contestant) implements Subject {
        @Override
        public void warm(int millis) throws IOException {
            run();
        }

        @Override
        public Map<Figure, Double> measure(String point, int millis) throws IOException {
            return run();
        }

        private Map<Figure, Double> run() throws IOException {
            long began = System.nanoTime();
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            FirstEcho.class.getName(),
                            contestant)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
                // Ends a JVM that says nothing, so that no wait for it is endless.
                process.onExit()
                        .orTimeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                        .exceptionally(late -> {
                            process.destroyForcibly();
                            return process;
                        });
                String port = out.readLine();
                if (port == null) {
                    throw new IOException(contestant + " did not start; see what it printed above");
                }
                converse(Integer.parseInt(port));
                long took = System.nanoTime() - began;
                double cpu = new ProcessFigures(process.pid()).cpuNanos();
                return Map.of(Figure.FIRST_ECHO_NANOS, (double) took, Figure.FIRST_ECHO_CPU_NANOS, cpu);
            } finally {
                process.destroyForcibly().onExit().join();
            }
        }

        private static void converse(int port) throws IOException {
            byte[] frame = ByteBuffer.allocate(Integer.BYTES + PAYLOAD_BYTES)
                    .putInt(PAYLOAD_BYTES)
                    .array();
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MILLIS);
                socket.setSoTimeout(PATIENCE_MILLIS);
                socket.getOutputStream().write(frame);
                byte[] echo = new byte[frame.length];
                new DataInputStream(socket.getInputStream()).readFully(echo);
                if (!Arrays.equals(frame, echo)) {
                    throw new IOException("an echo differs from what was sent");
                }
            }
        }

        @Override
        public void close() {}
    }
}

package io.millrace.samples;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A gateway and thousands of simulated devices, and a table that shows what the gateway sees of them. */
@Command(
        name = "telemetry",
        sortOptions = false,
        description = "Lets simulated devices log in to a gateway and send readings. Some fall silent, and are dropped"
                + " because they miss heartbeats; some come back. Shows live what the gateway sees.")
public final class Telemetry implements Callable<Integer> {
    private static final int REFRESH_MILLIS = 250;
    private static final int LINE_MILLIS = 1_000;
    private static final double MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    @Option(names = "--devices", paramLabel = "N", description = "Simulated devices (default: ${DEFAULT-VALUE}).")
    private int devices = 5_000;

    @Option(names = "--seconds", paramLabel = "N", description = "How long to run (default: ${DEFAULT-VALUE}).")
    private double seconds = 15;

    @Option(
            names = "--reading",
            paramLabel = "MILLIS",
            description = "How often each device sends a reading (default: ${DEFAULT-VALUE}).")
    private int readingMillis = 2_000;

    @Option(
            names = "--heartbeat",
            paramLabel = "MILLIS",
            description = "How long a device may be silent before it is sent a ping (default: ${DEFAULT-VALUE}).")
    private int heartbeatMillis = 1_000;

    @Mixin
    private final Console console = new Console();

    /**
     * Runs the gateway and its devices.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new Telemetry()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        console.requirePositive("--devices", "--reading", "--heartbeat");
        PrintWriter out = console.out();
        Duration heartbeat = Duration.ofMillis(heartbeatMillis);
        try (DeviceGateway gateway = new DeviceGateway(heartbeat);
                DeviceFleet fleet =
                        new DeviceFleet(gateway.port(), devices, Duration.ofMillis(readingMillis), heartbeat)) {
            boolean inPlace = Progress.isTerminal();
            watch(gateway, new LiveTable(out, inPlace), inPlace ? REFRESH_MILLIS : LINE_MILLIS);
            printTotals(gateway, fleet, out);
            return gateway.logins() == 0 && fleet.failures() > 0 ? ExitCode.SOFTWARE : ExitCode.OK;
        }
    }

    private void watch(DeviceGateway gateway, LiveTable table, int everyMillis) throws InterruptedException {
        long start = System.nanoTime();
        double elapsed = 0;
        while (elapsed < seconds) {
            TimeUnit.MILLISECONDS.sleep((long) Math.min(everyMillis, (seconds - elapsed) * 1_000 + 1));
            elapsed = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
            table.show(row(elapsed, gateway));
        }
    }

    private static Map<String, String> row(double elapsed, DeviceGateway gateway) {
        DeviceGateway.Figures now = gateway.figures();
        Map<String, String> row = new LinkedHashMap<>();
        row.put("seconds", format("%.1f", elapsed));
        row.put("devices online", format("%,d", now.online()));
        row.put("messages/s", format("%,.0f", now.messagesPerSecond()));
        row.put("heartbeats missed", format("%,d", now.missed()));
        row.put("dropped", format("%,d", gateway.dropped()));
        row.put("bytes/connection", format("%,d", now.bytesPerConnection()));
        row.put("ping p99 ms", format("%.3f", now.pingP99Nanos() / MILLI));
        return row;
    }

    private static String format(String format, Object value) {
        return String.format(Locale.ROOT, format, value);
    }

    private void printTotals(DeviceGateway gateway, DeviceFleet fleet, PrintWriter out) {
        LoadReport.row(out, "devices", "%,d, logged in %,d times", devices, gateway.logins());
        LoadReport.row(out, "readings", "%,d", gateway.readings());
        LoadReport.row(out, "received", "%,d bytes, heartbeats included", gateway.bytesReceived());
        LoadReport.row(out, "fell silent", "%,d times", fleet.fellSilent());
        LoadReport.row(out, "dropped", "%,d times, for heartbeats that were missed", gateway.dropped());
        if (fleet.failures() > 0) {
            LoadReport.row(out, "FAILED", "%,d logins, such as %s", fleet.failures(), fleet.lastFailure());
        }
    }
}

package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.ErrorCode;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A server and a client under a load that comes in waves, and every way to look at them: HTTP, JMX, flight recorder. */
@Command(
        name = "monitoring",
        description =
                "Runs a server and a client under a load, and tells how to look at them: statistics over HTTP, also"
                        + " for Prometheus, beans of JMX, events of the flight recorder.")
public final class Monitoring implements Callable<Integer> {
    private static final int WAVE_MILLIS = 5_000;
    private static final int STEP_MILLIS = 10;
    private static final int MOST_REQUESTS_PER_STEP = 50;
    private static final RequestOptions OPTIONS = RequestOptions.within(Duration.ofSeconds(2));

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            description = "The port of the statistics; 0 lets the system choose (default: ${DEFAULT-VALUE}).")
    private int httpPort = 9464;

    @Option(names = "--seconds", paramLabel = "N", description = "How long to run (default: ${DEFAULT-VALUE}).")
    private double seconds = 20;

    @Mixin
    private final Console console = new Console();

    /**
     * Runs the server, the client and the endpoint.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new Monitoring()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        // Before the first of what it shows: so the beans are there at once, and not a second later.
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
        try (IoGroup group = IoGroup.builder().name("monitoring").start();
                TcpServer server = startServer(group);
                TcpClient client = TcpClient.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .endpoint("127.0.0.1", server.port())
                        .build();
                StatisticsEndpoint statistics = StatisticsEndpoint.start(httpPort, server, client)) {
            printWays(statistics.port(), beans);
            clock.scheduleAtFixedRate(() -> load(client), 0, STEP_MILLIS, TimeUnit.MILLISECONDS);
            TimeUnit.MILLISECONDS.sleep((long) (seconds * 1_000));
            PrintWriter out = console.out();
            out.println();
            out.print(server.snapshot().toText());
            out.flush();
        } finally {
            clock.shutdownNow();
        }
        return ExitCode.OK;
    }

    static TcpServer startServer(IoGroup group) throws IOException {
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> {
                    if (ThreadLocalRandom.current().nextInt(100) == 0) {
                        reply.fail(ErrorCode.FIRST_OF_APPLICATION, "sold out");
                    } else {
                        reply.send(request);
                    }
                })
                .bind("127.0.0.1", 0);
    }

    /** Asks more and less in turns, and now and then opens a connection that asks once. */
    private static void load(TcpClient client) {
        double angle = 2 * Math.PI * (System.nanoTime() / 1e6 % WAVE_MILLIS) / WAVE_MILLIS;
        long requests = Math.round(MOST_REQUESTS_PER_STEP * (1 + Math.sin(angle)) / 2);
        ByteBuffer question = ByteBuffer.allocate(ThreadLocalRandom.current().nextInt(16, 1_024));
        for (int i = 0; i < requests; i++) {
            client.exchange(question, OPTIONS);
        }
        if (ThreadLocalRandom.current().nextInt(10) == 0) {
            client.connect().thenAccept(visitor -> visit(visitor, question));
        }
    }

    private static void visit(Session visitor, ByteBuffer question) {
        visitor.request(question, Duration.ofSeconds(2)).whenComplete((answer, failure) -> visitor.close());
    }

    private void printWays(int port, MBeanServer beans) throws JMException {
        PrintWriter out = console.out();
        String base = "http://127.0.0.1:" + port;
        long pid = ProcessHandle.current().pid();
        LoadReport.row(out, "for people", "%s/", base);
        LoadReport.row(out, "for Prometheus", "%s/metrics", base);
        LoadReport.row(out, "for programs", "%s/stats.json, and %s/health", base, base);
        LoadReport.row(out, "JMX", "jconsole %d", pid);
        beans.queryNames(new ObjectName("io.millrace:*"), null).stream()
                .sorted()
                .forEach(name -> LoadReport.row(out, "", "%s", name));
        LoadReport.row(out, "flight recorder", "jcmd %d JFR.start duration=10s filename=millrace.jfr", pid);
        LoadReport.row(out, "and after that", "jfr print --events 'io.millrace.*' millrace.jfr");
        out.flush();
    }
}

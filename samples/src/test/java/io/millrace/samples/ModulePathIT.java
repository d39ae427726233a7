package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jars on the module path, used by a module of somebody else; the jars' paths come from the POM. */
class ModulePathIT {
    private static final String JARS = Stream.of("core", "server", "client", "slf4j")
            .map(jar -> System.getProperty("millrace.jar." + jar))
            .collect(Collectors.joining(File.pathSeparator));

    private static final String MODULE =
            "module consumer { requires io.millrace.server; requires io.millrace.client; }";

    @TempDir
    private Path folder;

    @Test
    void consumerOfTheExportedPackagesRuns() throws Exception {
        String compiled = compile(
                """
                package consumer;

                import io.millrace.client.TcpClient;
                import io.millrace.core.protocol.Protocol;
                import io.millrace.server.TcpServer;
                import java.time.Duration;

                public class Main {
                    public static void main(String[] arguments) throws Exception {
                        Protocol protocol = Protocol.lengthPrefixed();
                        try (TcpServer server = TcpServer.builder()
                                        .protocol(protocol)
                                        .onMessage((session, message) -> session.send(message))
                                        .bind("127.0.0.1", 0);
                                TcpClient client = TcpClient.builder()
                                        .protocol(protocol)
                                        .endpoint("127.0.0.1", server.port())
                                        .build()) {
                            System.out.print(new String(client.call("echoed".getBytes(), Duration.ofSeconds(10))));
                        }
                    }
                }
                """);
        assertEquals("", compiled);
        assertEquals("echoed", run());
    }

    @Test
    void beansAndFlightRecorderEventsAreSeenThroughClosedPackages() throws Exception {
        String compiled = compile(
                """
                package consumer;

                import io.millrace.core.protocol.Protocol;
                import io.millrace.server.TcpServer;
                import java.lang.management.ManagementFactory;
                import java.net.Socket;
                import java.nio.file.Files;
                import java.nio.file.Path;
                import java.util.concurrent.CountDownLatch;
                import javax.management.MBeanServer;
                import javax.management.ObjectName;
                import jdk.jfr.Recording;
                import jdk.jfr.consumer.RecordingFile;

                public class Main {
                    public static void main(String[] arguments) throws Exception {
                        CountDownLatch opened = new CountDownLatch(1);
                        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
                        try (Recording recording = new Recording();
                                TcpServer server = TcpServer.builder()
                                        .protocol(Protocol.lengthPrefixed())
                                        .onMessage((session, message) -> session.send(message))
                                        .onOpen(session -> opened.countDown())
                                        .bind("127.0.0.1", 0)) {
                            recording.start();
                            try (Socket socket = new Socket("127.0.0.1", server.port())) {
                                socket.setTcpNoDelay(true);
                                opened.await();
                            }
                            recording.stop();
                            Path file = Files.createTempFile("module-path", ".jfr");
                            recording.dump(file);
                            long events = RecordingFile.readAllEvents(file).stream()
                                    .filter(event -> event.getEventType().getName().equals("io.millrace.ConnectionOpened"))
                                    .count();
                            Files.delete(file);
                            ObjectName name = new ObjectName(
                                    "io.millrace:type=Server,name=\\"127.0.0.1:" + server.port() + "\\"");
                            Object accepted = beans.getAttribute(name, "Accepted");
                            System.out.print("events=" + events + " accepted=" + accepted);
                        }
                    }
                }
                """,
                "module consumer { requires io.millrace.server; requires java.management; requires jdk.jfr; }");
        assertEquals("", compiled);
        assertEquals("events=1 accepted=1", run());
    }

    @Test
    void consumerOfTheInternalsDoesNotCompile() throws Exception {
        String compiled = compile(
                """
                package consumer;

                import io.millrace.core.internal.*;

                public class Main {}
                """);
        assertTrue(compiled.contains("io.millrace.core.internal"), compiled);
        assertFalse(Files.exists(folder.resolve("classes/consumer/Main.class")));
    }

    /** Compiles the consumer module with that main class and returns what the compiler says. */
    private String compile(String main) throws IOException {
        return compile(main, MODULE);
    }

    private String compile(String main, String descriptor) throws IOException {
        Path module = Files.writeString(folder.resolve("module-info.java"), descriptor);
        Path source = Files.writeString(folder.resolve("Main.java"), main);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter output = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            List<String> options = List.of(
                    "-Xlint:all",
                    "--module-path",
                    JARS,
                    "-d",
                    folder.resolve("classes").toString());
            compiler.getTask(output, files, null, options, null, files.getJavaFileObjects(module, source))
                    .call();
        }
        return output.toString();
    }

    /** Runs the compiled consumer in a JVM of its own and returns what it prints. */
    private String run() throws IOException, InterruptedException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        String modules = JARS + File.pathSeparator + folder.resolve("classes");
        Process process = new ProcessBuilder(java.toString(), "--module-path", modules, "-m", "consumer/consumer.Main")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        // slf4j tells that it has no backend here; the libraries may log, the consumer does not care
        return output.lines().filter(line -> !line.startsWith("SLF4J")).collect(Collectors.joining("\n"));
    }
}

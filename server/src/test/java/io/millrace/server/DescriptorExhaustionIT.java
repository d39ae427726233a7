package io.millrace.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class DescriptorExhaustionIT {
    private static final int CLIENTS = 200;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @TempDir
    private Path folder;

    @Test
    void serverSurvivesRunningOutOfDescriptorsAndAcceptsWhenTheyAreBack() throws Exception {
        Path log = folder.resolve("log");
        Process child = startWithFewDescriptors(log);
        leaks.close(child::destroyForcibly);
        BufferedReader answers =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
        int port = Integer.parseInt(answers.readLine());
        RawClient old = leaks.close(RawClient.to(port));
        assertEquals("old", old.ask("old"));

        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            RawClient client = leaks.close(RawClient.to(port));
            client.send("hello");
            clients.add(client);
        }
        awaitFailures(3, child, answers);
        for (int i = 0; i < 100; i++) {
            assertEquals("still", old.ask("still"));
        }

        expectLittleWork(child, answers);

        for (RawClient client : clients.subList(0, CLIENTS - 20)) {
            client.close();
        }
        long freedNanos = System.nanoTime();
        for (RawClient client : clients.subList(CLIENTS - 20, CLIENTS)) {
            assertEquals("hello", client.receiveText());
        }
        assertEquals("new", leaks.close(RawClient.to(port)).ask("new"));
        LeakCheck.assertWithin(Duration.ofSeconds(2), freedNanos);
        long failures = acceptFailures(child, answers);
        assertTrue(failures < 40, failures + " accepts failed: that is no back-off");
        List<String> lines = Files.readAllLines(log);
        assertTrue(lines.size() <= 3, () -> "a flood in the log: " + lines);
        child.getOutputStream().close();
        assertTrue(child.waitFor(10, TimeUnit.SECONDS));
        assertEquals(0, child.exitValue());
    }

    /** Nothing but the back-off goes on; one failure is at most 1.6 s behind the other. */
    private static void expectLittleWork(Process child, BufferedReader answers) throws IOException {
        long failures = acceptFailures(child, answers);
        awaitFailures(failures + 1, child, answers);
        Duration workBefore = work(child);
        long startNanos = System.nanoTime();
        awaitFailures(failures + 2, child, answers);
        Duration taken = Duration.ofNanos(System.nanoTime() - startNanos);
        Duration worked = work(child).minus(workBefore);
        assertTrue(worked.multipliedBy(5).compareTo(taken) < 0, worked + " of processor time in " + taken);
    }

    private static Duration work(Process child) {
        return child.info().totalCpuDuration().orElseThrow();
    }

    private static void awaitFailures(long count, Process child, BufferedReader answers) {
        await(count + " accepts have failed")
                .atMost(Duration.ofSeconds(20))
                .until(() -> acceptFailures(child, answers) >= count);
    }

    private static Process startWithFewDescriptors(Path log) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return new ProcessBuilder(
                        "bash",
                        "-c",
                        "ulimit -n 64; exec \"$@\"",
                        "bash",
                        java,
                        "-Dlogback.configurationFile=io/millrace/testing/logback-testing.xml",
                        "-cp",
                        classPath,
                        Child.class.getName())
                .redirectError(log.toFile())
                .start();
    }

    private static long acceptFailures(Process child, BufferedReader answers) throws IOException {
        child.getOutputStream().write('\n');
        child.getOutputStream().flush();
        String answer = answers.readLine();
        assertTrue(answer != null, "the server has died");
        return Long.parseLong(answer);
    }

    /** Echoes; prints its port, then the failures of its acceptor for every line it is sent. */
    public static final class Child {
        public static void main(String[] args) throws Exception {
            try (TcpServer server = TcpServer.builder()
                    .protocol(Protocol.lengthPrefixed())
                    .onMessage((session, message) -> session.send(message))
                    .bind(0)) {
                // Loads the class of the answer now: later there is no descriptor to read it with.
                server.stats();
                System.out.println(server.port());
                while (System.in.read() >= 0) {
                    System.out.println(server.stats().acceptFailures());
                }
            }
        }
    }
}

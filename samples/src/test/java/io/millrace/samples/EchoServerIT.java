package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The echo server in a JVM of its own, as its users run it. */
@Timeout(60)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
class EchoServerIT {
    private static final int SECONDS = 30;

    @TempDir
    private Path folder;

    private Process process;

    @AfterEach
    void endProcess() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    @Test
    void framesComeBackUntilSigterm() throws Exception {
        try (Socket socket = connect(start())) {
            byte[] frame = {0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'};
            socket.getOutputStream().write(frame);

            assertArrayEquals(frame, socket.getInputStream().readNBytes(frame.length));
            assertEquals(0, terminate());
            assertEquals(-1, socket.getInputStream().read());
        }
        assertEquals("", Files.readString(folder.resolve("err")));
    }

    @Test
    void verboseTellsWhyAConnectionWasClosed() throws Exception {
        try (Socket socket = connect(start("--verbose"))) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            assertEquals(-1, socket.getInputStream().read());
        }
        assertEquals(0, terminate());
        String log = Files.readString(folder.resolve("err"));
        assertTrue(log.contains("reason=PROTOCOL") && log.contains("HTTP client"), log);
    }

    @Test
    void portInUseIsExplainedInOneLine() throws Exception {
        int port = start();

        CommandRun second = CommandRun.of(new EchoServer(), "--port", String.valueOf(port));

        assertEquals(1, second.exitCode());
        assertTrue(second.err().matches("echo-server: cannot bind to .*:" + port + ": .*\\R"), second.err());
    }

    /** Starts the server and returns its port. */
    private int start(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                EchoServer.class.getName(),
                "--port",
                "0"));
        command.addAll(List.of(options));
        process = new ProcessBuilder(command)
                .redirectError(folder.resolve("err").toFile())
                .start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = CompletableFuture.supplyAsync(
                        () -> out.lines().findFirst().orElse("nothing"))
                .get(SECONDS, TimeUnit.SECONDS);
        assertTrue(line.matches("listening on 127\\.0\\.0\\.1:\\d+"), line);
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
    }

    private static Socket connect(int port) throws Exception {
        Socket socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(SECONDS));
        return socket;
    }

    /** Sends SIGTERM and returns the exit code. */
    private int terminate() throws Exception {
        process.destroy();
        return process.onExit().get(SECONDS, TimeUnit.SECONDS).exitValue();
    }
}

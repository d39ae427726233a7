package io.millrace.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChildJvmIT {
    private static final Duration WAIT = Duration.ofSeconds(20);

    /** Runs into each of its limits and says where they are, then echoes lines until it is asked to end. */
    public static final class Greedy {
        private Greedy() {}

        public static void main(String[] args) throws IOException {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("asked to end")));
            System.out.println("heap " + (Runtime.getRuntime().maxMemory() >> 20));
            try {
                System.out.println(ByteBuffer.allocateDirect(32 << 20));
            } catch (OutOfMemoryError expected) {
                System.out.println("no direct memory");
            }
            // loads what closing needs, while there are descriptors to read it with
            new ServerSocket(0).close();
            List<ServerSocket> sockets = new ArrayList<>();
            try {
                while (sockets.size() < 100) {
                    sockets.add(new ServerSocket(0));
                }
            } catch (IOException expected) {
                System.out.println("no descriptors");
            } finally {
                for (ServerSocket socket : sockets) {
                    socket.close();
                }
            }
            System.out.println("ready");
            BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.out.println("echo " + line);
            }
        }
    }

    @Test
    void limitsHoldAndSignalsArrive() throws Exception {
        try (ChildJvm child = ChildJvm.of(Greedy.class)
                .heapMiB(32)
                .directMemoryMiB(8)
                .stackKiB(256)
                .descriptors(64)
                .start()) {
            child.awaitOutput("ready", WAIT);
            assertTrue(child.output().contains("no direct memory"), child::output);
            assertTrue(child.output().contains("no descriptors"), child::output);
            int heap = Integer.parseInt(child.output().replaceAll("(?s).*heap (\\d+).*", "$1"));
            assertTrue(heap <= 32, child::output);
            child.println("one");
            child.awaitOutput("echo one", WAIT);

            child.pause();
            child.println("two");
            assertTrue(child.handle().isAlive());
            assertFalse(child.output().contains("echo two"), "it goes on");
            child.resume();
            child.awaitOutput("echo two", WAIT);

            child.terminate();
            assertEquals(128 + 15, child.awaitExit(WAIT));
            assertTrue(child.output().contains("asked to end"), child::output);
            assertThrows(IOException.class, child::resume);
        }
    }

    @Test
    void killAsksNobody() throws Exception {
        try (ChildJvm child = ChildJvm.of(Greedy.class).start()) {
            child.awaitOutput("ready", WAIT);
            child.kill();
            assertEquals(128 + 9, child.awaitExit(WAIT));
            assertFalse(child.output().contains("asked to end"), child::output);
        }
    }
}

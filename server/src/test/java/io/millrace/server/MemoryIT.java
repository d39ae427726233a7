package io.millrace.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What messages and idle connections cost, measured in a server that has a JVM to itself. */
class MemoryIT {
    /** Echoes; a message "measure" is answered with the bytes of live heap and of pooled memory instead. */
    static final class EchoProgram {
        private EchoProgram() {}

        public static void main(String[] args) throws Exception {
            IoGroup group = IoGroup.builder().threads(1).start();
            try (TcpServer server = TcpServer.builder()
                    .group(group)
                    .protocol(Protocol.lengthPrefixed())
                    .onMessage((session, message) -> {
                        if (message.remaining() == MEASURE.length) {
                            session.send((usedHeapAfterCollection() + " "
                                            + group.stats().bufferBytesLeased())
                                    .getBytes(StandardCharsets.UTF_8));
                        } else {
                            session.send(message);
                        }
                    })
                    .bind("127.0.0.1", 0)) {
                System.out.println("port " + server.port() + System.lineSeparator() + "listening");
                server.awaitClosed();
            }
        }

        private static long usedHeapAfterCollection() {
            System.gc();
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        }
    }

    private static final byte[] MEASURE = "measure".getBytes(StandardCharsets.UTF_8);
    private static final int MESSAGE_BYTES = 64;
    private static final int DEPTH = 32;
    private static final int WARM_UP = 200;

    /** 96 MiB without a collector: a million messages may cost less than 100 bytes each, JVM and JDK included. */
    private static final List<String> NO_COLLECTOR = List.of(
            "-XX:+UnlockExperimentalVMOptions",
            "-XX:+UseEpsilonGC",
            "-Xmx96m",
            "-XX:MaxDirectMemorySize=64m",
            "-Dlogback.configurationFile=io/millrace/testing/logback-testing.xml");

    private static int portOf(ChildJvm server) {
        await("the server says its port").atMost(Duration.ofSeconds(30)).until(() -> server.output()
                .contains("listening"));
        return server.output()
                .lines()
                .filter(line -> line.startsWith("port "))
                .mapToInt(line -> Integer.parseInt(line.substring("port ".length())))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void messagesMakeNoGarbageToSpeakOf() throws Exception {
        echoWithoutCollector(50_000);
    }

    @Test
    @Tag("heavy")
    void millionsOfMessagesMakeNoGarbageToSpeakOf() throws Exception {
        echoWithoutCollector(4_000_000);
    }

    private static void echoWithoutCollector(int messages) throws Exception {
        try (ChildJvm server = ChildJvm.start(EchoProgram.class, NO_COLLECTOR);
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), portOf(server))) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            byte[] burst = burst();
            byte[] back = new byte[burst.length];
            OutputStream out = socket.getOutputStream();
            DataInputStream in = new DataInputStream(socket.getInputStream());
            for (int sent = 0; sent < messages; sent += DEPTH) {
                out.write(burst);
                in.readFully(back);
            }
            assertTrue(Arrays.equals(burst, back), "the last burst came back changed");
            assertTrue(server.handle().isAlive(), server::output);
        }
    }

    private static byte[] burst() {
        ByteBuffer burst = ByteBuffer.allocate(DEPTH * (Integer.BYTES + MESSAGE_BYTES));
        while (burst.hasRemaining()) {
            burst.putInt(MESSAGE_BYTES).put(new byte[MESSAGE_BYTES]);
        }
        return burst.array();
    }

    @Test
    void idleConnectionCostsAtMostTwoKibibytes() throws Exception {
        idleConnections(1_000);
    }

    @Test
    @Tag("heavy")
    void eachOfManyIdleConnectionsCostsAtMostTwoKibibytes() throws Exception {
        idleConnections(8_000);
    }

    private static void idleConnections(int count) throws Exception {
        List<Socket> idle = new ArrayList<>();
        List<String> flags = List.of("-Xmx256m", "-Dlogback.configurationFile=io/millrace/testing/logback-testing.xml");
        try (ChildJvm server = ChildJvm.start(EchoProgram.class, flags);
                Socket observer = new Socket(InetAddress.getLoopbackAddress(), portOf(server))) {
            // What is loaded and allocated once is not a connection's cost.
            connect(observer.getPort(), WARM_UP, idle);
            long before = measure(observer);
            connect(observer.getPort(), count, idle);
            long each = (measure(observer) - before) / count;
            assertTrue(each <= 2_048, "an idle connection costs " + each + " bytes");
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    private static void connect(int port, int count, List<Socket> connected) throws IOException {
        for (int i = 0; i < count; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            connected.add(socket);
            assertEquals("hello", ask(socket, "hello".getBytes(StandardCharsets.UTF_8)));
        }
    }

    /** Returns live heap and leased buffers together, in bytes. */
    private static long measure(Socket observer) throws IOException {
        return Arrays.stream(ask(observer, MEASURE).split(" "))
                .mapToLong(Long::parseLong)
                .sum();
    }

    private static String ask(Socket socket, byte[] message) throws IOException {
        socket.setSoTimeout(20_000);
        socket.getOutputStream()
                .write(ByteBuffer.allocate(Integer.BYTES + message.length)
                        .putInt(message.length)
                        .put(message)
                        .array());
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] reply = new byte[in.readInt()];
        in.readFully(reply);
        return new String(reply, StandardCharsets.UTF_8);
    }
}

package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What idle connections cost, measured in a server that has a JVM to itself. */
class MemoryIT {
    /** Echoes; a message "measure" is answered with the bytes of live heap, leased and direct memory instead. */
    static final class EchoProgram {
        private EchoProgram() {}

        public static void main(String[] args) throws Exception {
            // At once, and not a second after the start, when it would be taken for what connections cost.
            ManagementFactory.getPlatformMBeanServer();
            IoGroup group = IoGroup.builder().threads(1).start();
            try (TcpServer server = TcpServer.builder()
                    .group(group)
                    .protocol(Protocol.lengthPrefixed())
                    .onMessage((session, message) -> {
                        if (message.remaining() == MEASURE.length) {
                            session.send((usedHeapAfterCollection() + " "
                                            + group.stats().bufferBytesLeased() + " " + directMemory())
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

        private static long directMemory() {
            return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .mapToLong(BufferPoolMXBean::getMemoryUsed)
                    .sum();
        }
    }

    private static final byte[] MEASURE = "measure".getBytes(StandardCharsets.UTF_8);
    private static final List<String> TRAFFIC = List.of("hello", "x".repeat(64), "x".repeat(400), "bye");
    private static final int WARM_UP = 200;
    private static final long LIMIT_BYTES = 2_048;

    /** Bytes of live heap, of pooled memory that is leased, and of all direct memory. */
    private record Live(long heap, long leased, long direct) {
        Live minus(Live other) {
            return new Live(heap - other.heap, leased - other.leased, direct - other.direct);
        }

        Live dividedBy(int count) {
            return new Live(heap / count, leased / count, direct / count);
        }
    }

    @Test
    void idleConnectionCostsAtMostTwoKibibytes() throws Exception {
        Live each = idleConnections(1_000);
        assertTrue(each.heap() + each.leased() <= LIMIT_BYTES, "an idle connection costs " + each);
    }

    @Test
    @Tag("heavy")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void eachOfManyIdleConnectionsCostsAtMostTwoKibibytes() throws Exception {
        Live each = idleConnections(15_000);
        System.out.println("an idle connection, one of 15,000, costs " + each);
        // So many that the blocks which buffers are cut from are a small part, and can count in full.
        assertTrue(each.heap() + each.direct() <= LIMIT_BYTES, "an idle connection costs " + each);
    }

    private static Live idleConnections(int count) throws Exception {
        List<Socket> idle = new ArrayList<>();
        try (ChildJvm server = ChildJvm.of(EchoProgram.class)
                        .flags(List.of("-Xmx256m"))
                        .start();
                Socket observer = new Socket(InetAddress.getLoopbackAddress(), MemoryReport.portOf(server))) {
            // What is loaded and allocated once is not a connection's cost.
            connect(observer.getPort(), WARM_UP, idle);
            Live before = measure(observer);
            connect(observer.getPort(), count, idle);
            return measure(observer).minus(before).dividedBy(count);
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
            for (String message : TRAFFIC) {
                assertEquals(message, ask(socket, message.getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    private static Live measure(Socket observer) throws IOException {
        long[] figures = Arrays.stream(ask(observer, MEASURE).split(" "))
                .mapToLong(Long::parseLong)
                .toArray();
        return new Live(figures[0], figures[1], figures[2]);
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

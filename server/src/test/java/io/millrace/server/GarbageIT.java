package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What messages allocate, beside a bare loop on the same channels: the JDK itself allocates for every event it polls
 * and every large result. Each server has a JVM without a collector to itself, so all that was ever allocated counts.
 */
class GarbageIT {
    /** Echoes with the defaults. */
    static final class MillraceEcho {
        private MillraceEcho() {}

        public static void main(String[] args) throws Exception {
            // At once, and not a second after the start, when it would be taken for what messages cost.
            ManagementFactory.getPlatformMBeanServer();
            IoGroup group = IoGroup.builder().threads(1).start();
            try (TcpServer server = TcpServer.builder()
                    .group(group)
                    .protocol(Protocol.lengthPrefixed())
                    .onMessage((session, message) -> session.send(message))
                    .bind("127.0.0.1", 0)) {
                MemoryReport.serve(server.port());
            }
        }
    }

    // No collector, so that nothing is forgotten; and the optimising compiler, for others leave more objects on the
    // heap.
    private static final List<String> FLAGS = List.of(
            "-XX:+UnlockExperimentalVMOptions",
            "-XX:+UseEpsilonGC",
            "-Xmx96m",
            "-XX:MaxDirectMemorySize=64m",
            "-XX:TieredStopAtLevel=4");

    private static final int MESSAGE_BYTES = 64;
    private static final long ALLOWANCE_BYTES = 8 << 20;
    private static final int WARM_UP = 5_000;

    /** What a run has allocated: in all, and per message once it was warm. */
    private record Outcome(MemoryReport total, MemoryReport warm, int messages) {
        long sinceWarm() {
            return total.threadBytes() - warm.threadBytes();
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%,d bytes of heap in all, %,d of them by living threads; %,d since it was warm, %.2f a message;"
                            + " %,d direct",
                    total.heapBytes(),
                    total.threadBytes(),
                    sinceWarm(),
                    (double) sinceWarm() / messages,
                    total.directBytes());
        }
    }

    @Test
    void warmServerAllocatesNoMoreThanABareLoop() throws Exception {
        allocatesNoMoreOnceWarm(200_000, 32);
    }

    @Test
    void warmServerWithOneMessageInFlightAllocatesNoMoreThanABareLoop() throws Exception {
        allocatesNoMoreOnceWarm(40_000, 1);
    }

    /**
     * What is done once, such as a class that is loaded late, is allowed; an object a message is not: the smallest one
     * has 16 bytes, so that even the fewer messages would come to more than twice the allowance.
     */
    private static void allocatesNoMoreOnceWarm(int messages, int depth) throws Exception {
        Outcome bare = run(BareEcho.class, messages, depth);
        Outcome millrace = run(MillraceEcho.class, messages, depth);
        String both = show(messages, depth, millrace, bare);
        long more = millrace.sinceWarm() - bare.sinceWarm();
        assertTrue(more <= 256 * 1024 + messages / 2, both);
    }

    @Test
    @Tag("heavy")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void twentyMillionMessagesAllocateHardlyMoreThanABareLoop() throws Exception {
        allocatesHardlyMore(20_000_000, 32);
    }

    @Test
    @Tag("heavy")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void twoMillionMessagesOneByOneAllocateHardlyMoreThanABareLoop() throws Exception {
        allocatesHardlyMore(2_000_000, 1);
    }

    private static void allocatesHardlyMore(int messages, int depth) throws Exception {
        Outcome bare = run(BareEcho.class, messages, depth);
        Outcome millrace = run(MillraceEcho.class, messages, depth);
        String both = show(messages, depth, millrace, bare);
        long more = millrace.total().heapBytes() - bare.total().heapBytes();
        assertTrue(more <= ALLOWANCE_BYTES, both);
    }

    private static String show(int messages, int depth, Outcome millrace, Outcome bare) {
        String both = String.format(
                Locale.ROOT,
                "%,d messages of %d bytes, %d in flight%n  millrace: %s%n  bare:     %s",
                messages,
                MESSAGE_BYTES,
                depth,
                millrace,
                bare);
        System.out.println(both);
        return both;
    }

    private static Outcome run(Class<?> program, int messages, int depth) throws Exception {
        try (ChildJvm server = ChildJvm.of(program).flags(FLAGS).start();
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), MemoryReport.portOf(server))) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(20_000);
            echo(socket, WARM_UP * depth, depth);
            // The first report loads what reporting needs.
            MemoryReport.of(server);
            MemoryReport warm = MemoryReport.of(server);
            echo(socket, messages, depth);
            return new Outcome(MemoryReport.of(server), warm, messages);
        }
    }

    private static void echo(Socket socket, int messages, int depth) throws IOException {
        byte[] burst = burst(depth);
        byte[] back = new byte[burst.length];
        OutputStream out = socket.getOutputStream();
        DataInputStream in = new DataInputStream(socket.getInputStream());
        for (int sent = 0; sent < messages; sent += depth) {
            out.write(burst);
            in.readFully(back);
        }
        assertArrayEquals(burst, back, "the last burst");
    }

    private static byte[] burst(int depth) {
        ByteBuffer burst = ByteBuffer.allocate(depth * (Integer.BYTES + MESSAGE_BYTES));
        while (burst.hasRemaining()) {
            burst.putInt(MESSAGE_BYTES).put(new byte[MESSAGE_BYTES]);
        }
        return burst.array();
    }
}

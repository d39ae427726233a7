package io.millrace.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.SocketConfig;
import io.millrace.server.Audience.CountingProtocol;
import io.millrace.testing.ChildJvm;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Broadcasts to thousands of members, a hundredth of which read nothing, from a server in a JVM of its own. */
class ManyMembersIT {
    private static final int MESSAGE_BYTES = 1_024;
    private static final int SEND_LIMIT = 128 << 10;

    /** How a message gets to all members. */
    private enum Way {
        /** As one frame that they share. */
        SHARED,
        /** By a broadcast, but with a frame for each. */
        FRAMED_EACH,
        /** By a loop that sends. */
        SENT_EACH
    }

    /** Broadcasts once for each line on its standard input, and says what became of it. */
    static final class BroadcastProgram {
        private static volatile boolean shares = true;

        private BroadcastProgram() {}

        public static void main(String[] args) throws Exception {
            CountingProtocol protocol = new CountingProtocol() {
                @Override
                public @Nullable Object sharingKey() {
                    return shares ? this : null;
                }
            };
            IoGroup group = IoGroup.builder().threads(2).start();
            try (TcpServer server = TcpServer.builder()
                    .group(group)
                    .protocol(protocol)
                    .maxConnections(20_000)
                    .sessions(SessionConfig.builder()
                            .sendMarks(16 << 10, 64 << 10)
                            .sendLimit(SEND_LIMIT)
                            .writeProgressTimeout(Duration.ofHours(1))
                            .socket(SocketConfig.builder().sendBuffer(8 << 10).build())
                            .build())
                    .onMessage((session, message) -> {})
                    .bind("127.0.0.1", 0)) {
                System.out.println("port " + server.port() + System.lineSeparator() + "listening");
                BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                String line;
                while ((line = lines.readLine()) != null) {
                    String[] words = line.split(" ");
                    while (server.everyone().size() < Integer.parseInt(words[3])) {
                        // The last ones are still being accepted.
                        Thread.onSpinWait();
                    }
                    broadcast(server, protocol, Way.valueOf(words[0]), message(words));
                    System.out.println(" leased " + group.stats().bufferBytesLeased());
                }
            }
        }

        private static ByteBuffer message(String[] words) {
            ByteBuffer message = ByteBuffer.allocateDirect(Integer.parseInt(words[2]));
            return message.putInt(0, Integer.parseInt(words[1]));
        }

        private static void broadcast(TcpServer server, CountingProtocol protocol, Way way, ByteBuffer message) {
            shares = way == Way.SHARED;
            protocol.frames.set(0);
            int sent = 0;
            int dropped = 0;
            List<Session> sessions = way == Way.SENT_EACH ? server.everyone().members() : List.of();
            long start = System.nanoTime();
            if (way == Way.SENT_EACH) {
                for (Session session : sessions) {
                    sent += session.send(message).isAccepted() ? 1 : 0;
                }
                dropped = sessions.size() - sent;
            } else {
                BroadcastResult result = server.broadcast(message);
                sent = result.sent();
                dropped = result.dropped();
            }
            long nanos = System.nanoTime() - start;
            System.out.print("done " + nanos + " sent " + sent + " dropped " + dropped + " frames " + protocol.frames);
        }
    }

    /** What the program says of one message. */
    private record Done(long nanos, int sent, int dropped, int frames, long leased) {
        static List<Done> all(String output) {
            return output.lines()
                    .filter(line -> line.startsWith("done "))
                    .map(line -> line.split(" "))
                    .filter(words -> words.length == 10)
                    .map(words -> new Done(
                            Long.parseLong(words[1]),
                            Integer.parseInt(words[3]),
                            Integer.parseInt(words[5]),
                            Integer.parseInt(words[7]),
                            Long.parseLong(words[9])))
                    .toList();
        }
    }

    @Test
    void hundredsOfMembersShareOneFrameWhileSomeReadNothing() throws Exception {
        run(500, MESSAGE_BYTES, 1, List.of());
    }

    @Test
    @Tag("heavy")
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void tenThousandMembersShareOneFrameWhileAHundredReadNothing() throws Exception {
        run(10_000, MESSAGE_BYTES, 31, List.of());
    }

    /** Fills the queues of those who read nothing, then compares the ways, in turn. */
    static void run(int members, int bytes, int rounds, List<String> flags) throws Exception {
        int slow = members / 100;
        try (ChildJvm server = ChildJvm.of(BroadcastProgram.class).flags(flags).start();
                ManyPeers peers = new ManyPeers(MemoryReport.portOf(server), members - slow, slow, bytes)) {
            int number = 0;
            Done last;
            do {
                last = send(server, peers, Way.SHARED, number++, bytes, members).done();
                assertEquals(1, last.frames());
                assertEquals(members, last.sent() + last.dropped());
            } while (last.dropped() < slow && number < 4 * SEND_LIMIT / bytes + 200);
            assertEquals(slow, last.dropped(), "all that read nothing have full queues");
            assertTrue(last.leased() < members * 512L + 6L * SEND_LIMIT, "leased: " + last);
            Map<Way, List<Timing>> timings = new TreeMap<>();
            for (int i = 0; i < rounds; i++) {
                for (Way way : Way.values()) {
                    Timing timing = send(server, peers, way, number++, bytes, members);
                    assertEquals(
                            way == Way.SHARED ? 1 : members - slow,
                            timing.done().frames());
                    timings.computeIfAbsent(way, any -> new ArrayList<>()).add(timing);
                }
            }
            if (rounds > 1) {
                System.out.println(members + " members, " + bytes + " bytes, leased " + last.leased());
                timings.forEach((way, all) -> System.out.println(summary(way, all, members)));
            }
        }
    }

    private record Timing(Done done, long endToEndNanos) {}

    private static Timing send(ChildJvm server, ManyPeers peers, Way way, int number, int bytes, int members)
            throws Exception {
        int before = Done.all(server.output()).size();
        long start = System.nanoTime();
        server.println(way + " " + number + " " + bytes + " " + members);
        long end = peers.awaitAll(number);
        await("the server's report")
                .atMost(Duration.ofSeconds(30))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> Done.all(server.output()).size() > before);
        return new Timing(Done.all(server.output()).get(before), end - start);
    }

    private static String summary(Way way, List<Timing> all, int members) {
        long[] queued = all.stream().mapToLong(t -> t.done().nanos()).sorted().toArray();
        long[] whole = all.stream().mapToLong(Timing::endToEndNanos).sorted().toArray();
        return String.format(
                Locale.ROOT,
                "%-12s queued in %s ns a member, with all peers in %s",
                way,
                spread(queued, members),
                spread(whole, members));
    }

    private static String spread(long[] sorted, int members) {
        return Arrays.toString(new long[] {
            sorted[sorted.length / 4] / members,
            sorted[sorted.length / 2] / members,
            sorted[sorted.length * 3 / 4] / members
        });
    }
}

package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.RawPeer;
import io.millrace.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many threads join, leave, close, connect and broadcast at the same time. */
@NetworkTest
class BroadcastStormIT {
    private static final int BROADCASTERS = 3;
    private static final int CONSTANT = 4;
    private static final int PASSING = 12;
    private static final int[] LENGTHS = {8, 300, 2_000, 70_000};

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();

    @Test
    void constantMembersGetEverythingOnceAndInOrder(Seed seed) throws Exception {
        storm(seed, 60);
    }

    @Test
    @Tag("heavy")
    @Timeout(300)
    void constantMembersGetEverythingOnceAndInOrderForLong(Seed seed) throws Exception {
        storm(seed, 6_000);
    }

    private void storm(Seed seed, int rounds) throws Exception {
        Audience audience = new Audience(
                leaks,
                Protocol.lengthPrefixed(),
                (session, message) -> {},
                builder -> builder.sessions(SessionConfig.builder()
                        .sendMarks(1 << 20, 4 << 20)
                        .sendLimit(1 << 30)
                        .build()));
        audience.connectMany(CONSTANT + PASSING);
        SessionGroups groups = audience.server.groups();
        for (Session session : audience.sessions.subList(0, CONSTANT)) {
            groups.join("all", session);
        }
        for (int i = 0; i < CONSTANT + PASSING; i++) {
            RawPeer peer = audience.peers.get(i);
            int expected = i < CONSTANT ? rounds : -1;
            start(() -> receive(peer, expected));
        }
        AtomicBoolean over = new AtomicBoolean();
        for (int i = 0; i < 2; i++) {
            Random random = seed.random("mover " + i);
            start(() -> {
                while (!over.get()) {
                    move(audience, random);
                }
            });
        }
        List<Thread> broadcasters = new ArrayList<>();
        for (int i = 0; i < BROADCASTERS; i++) {
            int me = i;
            broadcasters.add(start(() -> broadcast(groups.group("all"), audience.sessions.get(0), me, rounds)));
        }
        for (Thread broadcaster : broadcasters) {
            broadcaster.join(200_000);
        }
        over.set(true);
        audience.sessions.subList(CONSTANT, CONSTANT + PASSING).forEach(Session::close);
        for (Thread thread : threads) {
            thread.join(20_000);
            assertTrue(!thread.isAlive(), thread + " is stuck");
        }
        assertEquals(List.of(), List.copyOf(failures));
        audience.sessions.forEach(Session::abort);
        awaitSoon("no group is left", () -> groups.names().isEmpty());
        awaitSoon("no key is left", () -> audience.server.users().keys().isEmpty());
        assertEquals(Set.of(), groups.of(audience.sessions.get(0)));
    }

    private Thread start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable failure) {
                failures.add(failure);
            }
        });
        threads.add(thread);
        thread.start();
        return thread;
    }

    private interface Work {
        void run() throws Exception;
    }

    /** Joins, leaves, binds or ends one of those that are not constant. */
    private static void move(Audience audience, Random random) {
        Session session = audience.sessions.get(CONSTANT + random.nextInt(PASSING));
        SessionGroups groups = audience.server.groups();
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> groups.join("all", session);
            case 3 -> groups.leave("all", session);
            case 4 -> audience.server.users().bind(random.nextInt(3), session);
            case 5 -> groups.join("group " + random.nextInt(5), session);
            case 6 -> audience.server.users().unbind(session);
            default -> {
                if (random.nextInt(2_000) == 0) {
                    session.abort();
                }
            }
        }
    }

    private static void broadcast(SessionGroup all, Session probe, int me, int rounds) {
        for (int round = 0; round < rounds; round++) {
            ByteBuffer message = ByteBuffer.allocate(LENGTHS[round % LENGTHS.length]);
            BroadcastResult result =
                    all.broadcast(message.putInt(me).putInt(round).rewind());
            assertTrue(result.sent() >= CONSTANT, "a constant member missed a message: " + result);
            assertEquals(0, result.dropped());
            while (probe.queuedBytes() > 4 << 20) {
                Thread.onSpinWait();
            }
        }
    }

    /** Each broadcaster's messages come in order and never twice; if it is known how many, then all of them. */
    private static void receive(RawPeer peer, int expected) throws IOException {
        int[] next = new int[BROADCASTERS];
        int left = expected < 0 ? Integer.MAX_VALUE : expected * BROADCASTERS;
        try {
            for (; left > 0; left--) {
                ByteBuffer message = ByteBuffer.wrap(peer.readFrame());
                int from = message.getInt();
                int round = message.getInt();
                assertEquals(LENGTHS[round % LENGTHS.length], message.capacity());
                assertTrue(
                        expected < 0 ? round >= next[from] : round == next[from],
                        "round " + round + " after " + next[from]);
                next[from] = round + 1;
            }
        } catch (IOException ended) {
            if (expected >= 0) {
                throw ended;
            }
        }
    }
}

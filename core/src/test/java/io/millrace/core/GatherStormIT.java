package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.RawPeer;
import io.millrace.testing.Seed;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Callbacks and other threads send to the same sessions in all ways at once, while these end in all ways. */
@Tag("engine")
@NetworkTest
class GatherStormIT {
    private static final int SESSIONS = 5;
    private static final int THREADS = 2;
    private static final int SENDERS = SESSIONS + THREADS;
    private static final int HEADER_BYTES = 2 * Integer.BYTES;
    private static final int[] LENGTHS = {HEADER_BYTES, 20, 20, 60, 60, 60, 300, 600, 5_000, 9_000, 20_000, 70_000};

    /** How a session ends. */
    private enum End {
        SHUT_OUTPUT,
        CLOSE,
        DRAIN,
        ABORT
    }

    /** What one session is sent, by whom, and what its peer has seen of it. */
    private static final class Target {
        final Link link;
        // How many messages of each sender were accepted; each is written by its sender alone.
        final AtomicLongArray accepted = new AtomicLongArray(SENDERS);
        final Set<Long> takenBack = ConcurrentHashMap.newKeySet();
        final int[] next = new int[SENDERS];
        long bytes;

        Target(Link link) {
            this.link = link;
        }

        private static long id(int sender, int number) {
            return (long) sender << Integer.SIZE | number;
        }

        /** Reads until the session's output ends; returns false if the connection was broken. */
        boolean readAll() {
            try {
                while (true) {
                    ByteBuffer frame = ByteBuffer.wrap(link.peer().readFrame());
                    bytes += Integer.BYTES + frame.remaining();
                    int sender = frame.getInt();
                    int number = frame.getInt();
                    while (next[sender] < number) {
                        assertTrue(
                                takenBack.contains(id(sender, next[sender])),
                                "lost: " + next[sender] + " of " + sender);
                        next[sender]++;
                    }
                    assertEquals(next[sender]++, number, "out of order: from " + sender);
                    while (frame.hasRemaining()) {
                        assertEquals((byte) number, frame.get(), "torn apart: from " + sender);
                    }
                }
            } catch (EOFException end) {
                return true;
            } catch (SocketException reset) {
                return false;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /** Checks a session that has ended in good order. */
        void verify() {
            long all = 0;
            for (int sender = 0; sender < SENDERS; sender++) {
                all += accepted.get(sender);
                for (; next[sender] < accepted.get(sender); next[sender]++) {
                    assertTrue(takenBack.contains(id(sender, next[sender])), "lost at the end: from " + sender);
                }
            }
            SessionStats stats = link.session().stats();
            assertEquals(all, stats.messagesSent());
            assertEquals(bytes, stats.bytesSent());
        }
    }

    private final List<Target> targets = new ArrayList<>();

    /** Sends in a way that chance decides. */
    private void sendOne(int sender, Target target, Random random) {
        Session session = target.link.session();
        int number = (int) target.accepted.get(sender);
        int length = LENGTHS[random.nextInt(LENGTHS.length)];
        ByteBuffer message = ByteBuffer.allocateDirect(length).putInt(sender).putInt(number);
        while (message.hasRemaining()) {
            message.put((byte) number);
        }
        message.flip();
        // Counted first, because the peer may have it before this knows.
        target.accepted.set(sender, number + 1L);
        boolean accepted;
        switch (random.nextInt(8)) {
            case 0 -> accepted = session.send(message, failure -> {}).isAccepted();
            case 1 -> accepted = session.transfer(message, () -> {}).isAccepted();
            case 2 -> {
                // Counts as taken back for as long as it is not known.
                target.takenBack.add(Target.id(sender, number));
                CompletableFuture<Void> sent = session.sendAsync(message);
                boolean refused = sent.isCompletedExceptionally();
                boolean gone = refused || (random.nextBoolean() && sent.cancel(false));
                if (!gone || refused) {
                    target.takenBack.remove(Target.id(sender, number));
                }
                accepted = !refused;
            }
            default -> accepted = session.send(message).isAccepted();
        }
        if (!accepted) {
            target.accepted.set(sender, number);
        }
    }

    private void sendSome(int sender, Random random) {
        for (int bursts = random.nextInt(6); bursts > 0; bursts--) {
            Target target = targets.get(random.nextInt(SESSIONS));
            for (int messages = random.nextInt(12); messages > 0; messages--) {
                sendOne(sender, target, random);
                if (random.nextInt(4) == 0) {
                    // Lets others in while a callback gathers.
                    Thread.yield();
                }
            }
        }
    }

    private void storm(int ioThreads, int rounds, int highMark, Seed seed) throws Exception {
        SessionConfig config = SessionConfig.builder()
                .sendMarks(4 << 10, highMark)
                .sendLimit(2 * highMark)
                .sendOverflow(SendOverflowPolicy.REFUSE)
                .build();
        try (Loopback loopback = Loopback.builder()
                .threads(ioThreads)
                .config(config)
                .socketBuffers(16 << 10)
                .handler((session, message) -> {
                    int number = message.getInt();
                    sendSome(number % SESSIONS, seed.random("callback " + number));
                })
                .start()) {
            for (int i = 0; i < SESSIONS; i++) {
                targets.add(new Target(loopback.open()));
            }
            List<CompletableFuture<Boolean>> readers = new ArrayList<>();
            List<CompletableFuture<Void>> senders = new ArrayList<>();
            for (int i = 0; i < SESSIONS; i++) {
                Target target = targets.get(i);
                int first = i;
                readers.add(onThread(target::readAll));
                senders.add(onThread(() -> ask(target.link.peer(), first, rounds)));
            }
            for (int i = SESSIONS; i < SENDERS; i++) {
                int sender = i;
                Random random = seed.random("thread " + sender);
                senders.add(onThread(() -> {
                    for (int round = 0; round < rounds; round++) {
                        sendSome(sender, random);
                    }
                    return null;
                }));
            }
            Random ends = seed.random("ends");
            List<End> ended = new ArrayList<>();
            // While the others are at it still, as far as can be told.
            senders.get(ends.nextInt(SENDERS)).get(20, TimeUnit.SECONDS);
            for (Target target : targets) {
                End end = End.values()[ends.nextInt(End.values().length)];
                ended.add(end);
                end(target.link.session(), end);
            }
            for (int i = 0; i < SESSIONS; i++) {
                boolean inOrder = readers.get(i).get(20, TimeUnit.SECONDS);
                assertTrue(inOrder || ended.get(i) == End.ABORT, "reset after " + ended.get(i));
            }
            for (CompletableFuture<Void> sender : senders) {
                sender.get(20, TimeUnit.SECONDS);
            }
            for (int i = 0; i < SESSIONS; i++) {
                targets.get(i).link.session().abort();
                targets.get(i).link.recording().awaitClose();
            }
            for (int i = 0; i < SESSIONS; i++) {
                if (ended.get(i) != End.ABORT) {
                    targets.get(i).verify();
                }
            }
        }
    }

    private static void end(Session session, End end) {
        switch (end) {
            case SHUT_OUTPUT -> session.shutdownOutput();
            case CLOSE -> session.close();
            case DRAIN -> session.drain();
            case ABORT -> session.abort();
        }
    }

    private static <T> CompletableFuture<T> onThread(Callable<T> task) {
        CompletableFuture<T> done = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                done.complete(task.call());
            } catch (Throwable thrown) {
                done.completeExceptionally(thrown);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return done;
    }

    /** Makes callbacks of a session send, several in a segment so that they share a turn. */
    private static Void ask(RawPeer peer, int first, int rounds) {
        try {
            for (int round = 0; round < rounds; round++) {
                ByteBuffer frames = ByteBuffer.allocate(4 * HEADER_BYTES);
                for (int i = 0; i < 4; i++) {
                    frames.putInt(Integer.BYTES).putInt(first + SESSIONS * (4 * round + i));
                }
                peer.send(frames.array());
            }
        } catch (IOException ended) {
            // The session has ended before it was asked for all.
        }
        return null;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void nothingIsLostOrTornOrOvertakenInAShortStorm(int ioThreads, Seed seed) throws Exception {
        storm(ioThreads, 20, 100 << 10, seed);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    @Tag("heavy")
    void nothingIsLostOrTornOrOvertakenInALongStorm(int ioThreads, Seed seed) throws Exception {
        for (int highMark : new int[] {6 << 10, 24 << 10, 200 << 10}) {
            targets.clear();
            storm(ioThreads, 400, highMark, seed);
        }
    }
}

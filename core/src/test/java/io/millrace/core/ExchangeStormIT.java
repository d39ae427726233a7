package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Broadcast;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests, replies, files, broadcasts and messages between two groups, in callbacks and threads, at every ending. */
@Tag("engine")
@NetworkTest
class ExchangeStormIT {
    private static final int PAIRS = 4;
    private static final int ENDS = 2 * PAIRS;
    private static final int THREADS = 3;
    private static final int SENDERS = ENDS + THREADS;
    private static final int HEADER_BYTES = 3 * Integer.BYTES;
    private static final int FILE_BYTES = 200_000;
    private static final byte FILE_FILLING = 77;
    private static final int[] LENGTHS = {0, 0, 8, 8, 40, 40, 40, 300, 600, 5_000, 9_000, 20_000, 70_000};
    private static final int SOCKET_BYTES = 16 << 10;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** Who runs the callbacks, and how much memory there is. */
    enum Setting {
        PLAIN,
        SCARCE,
        EXECUTOR,
        IN_THE_CALLER
    }

    /** What was begun and has exactly one outcome. */
    private final Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();

    private final List<End> ends = new ArrayList<>();
    private final Queue<Throwable> faults = new ConcurrentLinkedQueue<>();
    private final Queue<KeptReply> kept = new ConcurrentLinkedQueue<>();
    private final Set<TcpSession> live = ConcurrentHashMap.newKeySet();
    private final Map<Session, End> endOf = new ConcurrentHashMap<>();
    private boolean chaos;
    private volatile boolean sending = true;

    @TempDir
    private Path folder;

    private Path file = Path.of("");

    /** One end of a connection, what it was sent and what its peer has seen of it. */
    private static final class End {
        final int index;
        final TcpSession session;
        // Each is used by its sender alone.
        final int[] accepted = new int[SENDERS];
        final int[] broadcasts = new int[SENDERS];
        // Of these it is not known whether they have left.
        final Set<Long> takenBack = ConcurrentHashMap.newKeySet();
        // Confined to the callbacks of the peer.
        final int[] seen = new int[SENDERS];
        final int[] seenBroadcasts = new int[SENDERS];
        final Random random;

        End(int index, TcpSession session, Random random) {
            this.index = index;
            this.session = session;
            this.random = random;
        }
    }

    /** Hears once how something ended. */
    private final class Outcome implements ReplyHandler, SendCompletion, Runnable {
        final String what;
        final int number;
        final AtomicInteger told = new AtomicInteger();
        volatile boolean refused;

        Outcome(String what, int number) {
            this.what = what;
            this.number = number;
        }

        @Override
        public void onReply(ByteBuffer reply) {
            told.incrementAndGet();
            if (reply.getInt(reply.position()) != number) {
                faults.add(new AssertionError("reply of another: " + number));
            }
        }

        @Override
        public void onFailure(TransportException failure) {
            told.incrementAndGet();
        }

        @Override
        public void completed(@Nullable TransportException failure) {
            told.incrementAndGet();
        }

        @Override
        public void run() {
            told.incrementAndGet();
        }
    }

    private End peerOf(End end) {
        return ends.get(end.index ^ 1);
    }

    private static long id(int sender, int number) {
        return (long) sender << Integer.SIZE | number;
    }

    private static ByteBuffer message(int sender, int number, int filling, int length) {
        ByteBuffer message = ByteBuffer.allocateDirect(HEADER_BYTES + length)
                .putInt(sender)
                .putInt(number)
                .putInt(filling);
        while (message.hasRemaining()) {
            message.put((byte) filling);
        }
        return message.flip();
    }

    /** Sends in a way that chance decides, or asks. */
    private void sendOne(int sender, End to, Random random) throws IOException {
        TcpSession session = to.session;
        int number = to.accepted[sender];
        int length = LENGTHS[random.nextInt(LENGTHS.length)];
        ByteBuffer message = message(sender, number, number & 0x7F, length);
        Outcome outcome = new Outcome("?", number);
        to.accepted[sender]++;
        boolean accepted;
        switch (random.nextInt(14)) {
            case 0 -> {
                accepted = session.send(message, outcome).isAccepted();
                note(outcome, accepted);
            }
            case 1 -> {
                accepted = session.transfer(message, outcome).isAccepted();
                note(outcome, accepted);
            }
            case 2 -> {
                to.takenBack.add(id(sender, number));
                CompletableFuture<Void> sent = session.sendAsync(message);
                boolean doubtful = sent.isCompletedExceptionally() || (random.nextBoolean() && sent.cancel(false));
                if (!doubtful) {
                    to.takenBack.remove(id(sender, number));
                }
                accepted = true;
            }
            case 3 -> {
                to.takenBack.add(id(sender, number));
                int part = random.nextInt(FILE_BYTES);
                CompletableFuture<Void> sent =
                        session.sendFile(file, 0, part, message(sender, number, FILE_FILLING, 0));
                if (!sent.isCompletedExceptionally()) {
                    to.takenBack.remove(id(sender, number));
                }
                accepted = true;
                note(outcome, true);
                sent.whenComplete((none, failure) -> outcome.run());
            }
            case 4, 5, 6, 7, 8 -> {
                Duration timeout = random.nextInt(8) == 0 ? Duration.ofMillis(1) : Duration.ofSeconds(20);
                outcomes.add(outcome);
                to.takenBack.add(id(sender, number));
                TransportException refused = session.begin(message, timeout.toNanos(), outcome);
                accepted = refused == null;
                if (!accepted) {
                    outcome.refused = true;
                    to.takenBack.remove(id(sender, number));
                } else if (outcome.told.get() == 0) {
                    to.takenBack.remove(id(sender, number));
                }
            }
            case 9 -> {
                to.takenBack.add(id(sender, number));
                CompletableFuture<ByteBuffer> reply = session.request(message, Duration.ofSeconds(20));
                if (random.nextBoolean()) {
                    reply.cancel(false);
                }
                accepted = true;
            }
            default -> accepted = session.send(message).isAccepted();
        }
        if (!accepted) {
            to.accepted[sender]--;
        }
    }

    private void note(Outcome outcome, boolean accepted) {
        outcome.refused = !accepted;
        outcomes.add(outcome);
    }

    private void broadcast(int sender, Random random) {
        int side = random.nextInt(2);
        List<End> members = new ArrayList<>();
        for (End end : ends) {
            if (end.index % 2 == side && random.nextInt(3) > 0) {
                members.add(end);
            }
        }
        if (members.isEmpty()) {
            return;
        }
        int number = random.nextInt(1 << 20);
        ByteBuffer payload = message(~sender, number, number & 0x7F, LENGTHS[random.nextInt(LENGTHS.length)]);
        try (Broadcast broadcast = new Broadcast(members.get(0).session, payload)) {
            for (End member : members) {
                if (broadcast.send(member.session).isAccepted()) {
                    member.broadcasts[sender]++;
                }
            }
        }
    }

    private void sendSome(int sender, Random random) throws IOException {
        for (int bursts = random.nextInt(4); bursts > 0 && sending; bursts--) {
            End to = ends.get(random.nextInt(ENDS));
            if (random.nextInt(5) == 0) {
                broadcast(sender, random);
            }
            KeptReply reply = random.nextInt(3) == 0 ? kept.poll() : null;
            if (reply != null && reply.give() == SendResult.REFUSED) {
                kept.add(reply);
            }
            for (int messages = random.nextInt(9); messages > 0; messages--) {
                sendOne(sender, to, random);
                if (random.nextInt(5) == 0) {
                    Thread.yield();
                }
            }
            if (chaos) {
                disturb(to.session, random);
            }
        }
    }

    private static void disturb(TcpSession session, Random random) {
        switch (random.nextInt(3_000)) {
            case 0 -> session.close();
            case 1 -> session.drain();
            case 2 -> session.abort();
            case 3 -> session.shutdownOutput();
            case 4, 5, 6, 7 -> {
                session.pauseReading();
                session.resumeReading();
            }
            default -> {}
        }
    }

    /** Checks what a callback is given, and answers with more. */
    private void take(Session session, ByteBuffer message) throws IOException {
        End to = endOf.get(session);
        if (to == null) {
            return;
        }
        End from = peerOf(to);
        int sender = message.getInt();
        int number = message.getInt();
        int filling = message.getInt();
        try {
            if (sender >= 0) {
                // A session that drains refuses requests without asking anybody here.
                while (from.seen[sender] < number
                        && (chaos || from.takenBack.contains(id(sender, from.seen[sender])))) {
                    from.seen[sender]++;
                }
                assertEquals(from.seen[sender]++, number, () -> "from " + sender + " to " + from.session);
            } else {
                from.seenBroadcasts[~sender]++;
            }
            while (message.hasRemaining()) {
                assertEquals((byte) filling, message.get());
            }
        } catch (AssertionError fault) {
            faults.add(fault);
            sending = false;
        }
        // Else the storm would feed itself without an end.
        if (sending && to.random.nextInt(3) == 0) {
            sendSome(to.index, to.random);
        }
    }

    /** A reply that somebody else gives. */
    private record KeptReply(Reply reply, ByteBuffer answer) {
        SendResult give() {
            return reply.send(answer);
        }
    }

    private void answer(Session session, ByteBuffer request, Reply reply) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(8)
                .putInt(request.getInt(request.position() + 4))
                .putInt(0)
                .flip();
        End to = endOf.get(session);
        boolean early = to == null || to.random.nextBoolean();
        if (early) {
            give(reply, answer);
        }
        take(session, request);
        if (!early) {
            switch (to.random.nextInt(6)) {
                case 0 -> reply.fail(1_000, "not now");
                case 1, 2 -> kept.add(new KeptReply(reply, answer));
                default -> give(reply, answer);
            }
        }
    }

    private void give(Reply reply, ByteBuffer answer) {
        if (reply.send(answer) == SendResult.REFUSED) {
            kept.add(new KeptReply(reply, answer));
        }
    }

    private TcpSession session(IoRuntime runtime, AsynchronousSocketChannel channel, SessionSetup setup)
            throws IOException {
        channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BYTES);
        TcpSession session = new TcpSession(runtime, channel, setup, new SessionOwner() {
            @Override
            public void sessionOpened(TcpSession opened) {}

            @Override
            public void sessionEnded(TcpSession ended) {
                if (!live.remove(ended)) {
                    faults.add(new AssertionError("ended twice: " + ended));
                }
            }
        });
        live.add(session);
        return session;
    }

    private void await(String what, BooleanSupplier condition) {
        Awaitility.await(what).atMost(LIMIT).until(() -> !faults.isEmpty() || condition.getAsBoolean());
        if (!faults.isEmpty()) {
            throw new AssertionError(faults.size() + " faults", faults.peek());
        }
    }

    private void storm(Setting setting, boolean breaking, int ioThreads, int rounds, Seed seed) throws Exception {
        chaos = breaking;
        sending = true;
        ends.clear();
        kept.clear();
        outcomes.clear();
        endOf.clear();
        file = folder.resolve("filling");
        byte[] filling = new byte[FILE_BYTES];
        Arrays.fill(filling, FILE_FILLING);
        Files.write(file, filling);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        Executor executor =
                switch (setting) {
                    case EXECUTOR -> pool;
                    case IN_THE_CALLER -> Runnable::run;
                    default -> null;
                };
        try (CapturedLog log = new CapturedLog();
                IoGroup servers = group(setting, ioThreads);
                IoGroup clients = group(setting, ioThreads)) {
            open(
                    servers,
                    clients,
                    new SessionHandlers(null, this::take, this::answer, null, null, null, executor),
                    seed);
            sendFromThreads(rounds, seed);
            settle();
            endAll(seed.random("how"));
            for (IoGroup group : List.of(servers, clients)) {
                IoGroupStats stats = group.stats();
                assertEquals(0, stats.buffersLeased());
                assertEquals(0, stats.contextsLeased());
            }
            assertEquals(List.of(), log.lines());
        } finally {
            pool.shutdownNow();
        }
    }

    private static IoGroup group(Setting setting, int ioThreads) throws IOException {
        return IoGroup.builder()
                .threads(ioThreads)
                .bufferMemory(setting == Setting.SCARCE ? 5 << 20 : 64 << 20)
                .trackBuffers(true)
                .blockedThreadTimeout(LIMIT)
                .start();
    }

    private void open(IoGroup servers, IoGroup clients, SessionHandlers handlers, Seed seed) throws Exception {
        SessionConfig config = SessionConfig.builder()
                .sendMarks(8 << 10, 60 << 10)
                .sendLimit(200 << 10)
                .sendOverflow(SendOverflowPolicy.REFUSE)
                .build();
        SessionSetup serverSetup = new SessionSetup(Side.SERVER, MillraceProtocol.create(), config, handlers, 0);
        SessionSetup clientSetup = new SessionSetup(Side.CLIENT, MillraceProtocol.create(), config, handlers, 0);
        IoRuntime serverRuntime = GroupAccess.runtimeOf(servers);
        IoRuntime clientRuntime = GroupAccess.runtimeOf(clients);
        try (AsynchronousServerSocketChannel listener = serverRuntime
                .openServerChannel()
                .setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            for (int i = 0; i < PAIRS; i++) {
                AsynchronousSocketChannel channel =
                        clientRuntime.openChannel().setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES);
                channel.connect(listener.getLocalAddress()).get(10, TimeUnit.SECONDS);
                AsynchronousSocketChannel accepted = listener.accept().get(10, TimeUnit.SECONDS);
                add(session(serverRuntime, accepted, serverSetup), seed);
                add(session(clientRuntime, channel, clientSetup), seed);
            }
        }
        ends.forEach(end -> end.session.start());
    }

    private void add(TcpSession session, Seed seed) {
        End end = new End(ends.size(), session, seed.random("end " + ends.size()));
        ends.add(end);
        endOf.put(session, end);
    }

    private void sendFromThreads(int rounds, Seed seed) {
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = ENDS; i < SENDERS; i++) {
            int sender = i;
            Random random = seed.random("thread " + sender);
            CompletableFuture<Void> done = new CompletableFuture<>();
            threads.add(done);
            Thread thread = new Thread(() -> {
                try {
                    for (int round = 0; round < rounds && sending; round++) {
                        sendSome(sender, random);
                    }
                    done.complete(null);
                } catch (Throwable thrown) {
                    done.completeExceptionally(thrown);
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
        await("the senders", () -> threads.stream().allMatch(CompletableFuture::isDone));
        threads.forEach(CompletableFuture::join);
        sending = false;
    }

    private boolean isWhole(End end) {
        return end.session.isOpen() && peerOf(end).session.isOpen();
    }

    /** Waits until all that was sent on connections that are still there has arrived. */
    private void settle() {
        await(
                "all replies and bytes",
                () -> giveKept()
                        && ends.stream()
                                .allMatch(end -> !isWhole(end)
                                        || (end.session.queuedBytes() == 0
                                                && end.session.pendingRequests() == 0
                                                && end.session.stats().bytesSent()
                                                        == peerOf(end)
                                                                .session
                                                                .stats()
                                                                .bytesReceived())));
        await("all callbacks", () -> chaos || ends.stream().allMatch(end -> !isWhole(end) || hasAll(end)));
    }

    private boolean giveKept() {
        KeptReply reply;
        while ((reply = kept.poll()) != null) {
            if (reply.give() == SendResult.REFUSED) {
                kept.add(reply);
                return false;
            }
        }
        return true;
    }

    private static boolean hasAll(End end) {
        for (int sender = 0; sender < SENDERS; sender++) {
            int seen = end.seen[sender];
            while (seen < end.accepted[sender] && end.takenBack.contains(id(sender, seen))) {
                seen++;
            }
            if (seen != end.accepted[sender] || end.seenBroadcasts[sender] != end.broadcasts[sender]) {
                return false;
            }
        }
        return true;
    }

    private void endAll(Random how) {
        for (End end : ends) {
            switch (how.nextInt(3)) {
                case 0 -> end.session.abort();
                case 1 -> end.session.drain();
                default -> end.session.close();
            }
        }
        await("the end", live::isEmpty);
        for (Outcome outcome : outcomes) {
            assertEquals(outcome.refused ? 0 : 1, outcome.told.get());
        }
        for (End end : ends) {
            assertEquals(0, end.session.pendingRequests());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Setting.class,
            names = {"PLAIN", "EXECUTOR"})
    void everythingIsToldOnceInAShortStorm(Setting setting, Seed seed) throws Exception {
        storm(setting, true, 2, 25, seed);
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    @Tag("heavy")
    void nothingIsLostOrToldTwiceWhileSessionsLast(Setting setting, Seed seed) throws Exception {
        for (int ioThreads : new int[] {1, 3}) {
            storm(setting, false, ioThreads, 300, seed);
        }
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    @Tag("heavy")
    void everythingIsToldOnceHoweverSessionsEnd(Setting setting, Seed seed) throws Exception {
        for (int ioThreads : new int[] {1, 3}) {
            storm(setting, true, ioThreads, 300, seed);
        }
    }
}

package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.internal.Broadcast;
import io.millrace.core.internal.TcpSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What the ends of a storm send each other, in ways that chance decides; and what each must have seen of it. Every
 * message names its sender and has a number: those of one sender to one end arrive in order, whole, and none is
 * missing whose sender was not told so.
 *
 * <p>Threading: Thread-safe, but that each sender is one thread at a time. Ends are added before anything is sent.
 */
final class ExchangeTraffic {
    /** How many ends there are: number 2n is connected with number 2n + 1. */
    static final int ENDS = 8;

    /** How many threads send, beside the callbacks of the ends. */
    static final int THREADS = 3;

    /**
     * The callbacks of each end are a sender with its index, and so is each thread with a number from {@link #ENDS}
     * on.
     */
    static final int SENDERS = ENDS + THREADS;

    private static final int HEADER_BYTES = 3 * Integer.BYTES;
    private static final int FILE_BYTES = 200_000;
    private static final byte FILE_FILLING = 77;
    private static final int[] LENGTHS = {0, 0, 8, 8, 40, 40, 40, 300, 600, 5_000, 9_000, 20_000, 70_000};
    private static final Duration LONG = Duration.ofSeconds(20);

    /** Something that was begun, and hears once how it ended. */
    private final class Outcome implements ReplyHandler, SendCompletion, Runnable {
        private final int number;
        private final AtomicInteger told = new AtomicInteger();
        private volatile boolean refused;

        Outcome(int number) {
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

    /** A reply that somebody else gives than who was asked. */
    private record KeptReply(Reply reply, ByteBuffer answer) {
        SendResult give() {
            return reply.send(answer);
        }
    }

    private final Path file;
    private final boolean breaking;
    private final List<ExchangeEnd> ends = new ArrayList<>();
    private final Map<Session, ExchangeEnd> endOf = new ConcurrentHashMap<>();
    private final Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
    private final Queue<KeptReply> kept = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> faults = new ConcurrentLinkedQueue<>();
    private volatile boolean sending = true;

    /**
     * Begins with no ends.
     *
     * @param folder where a file to send is put
     * @param breaking whether sessions also end in the middle of it, in all ways; then it is not known what must arrive
     */
    ExchangeTraffic(Path folder, boolean breaking) throws IOException {
        this.breaking = breaking;
        this.file = folder.resolve("filling");
        byte[] filling = new byte[FILE_BYTES];
        Arrays.fill(filling, FILE_FILLING);
        Files.write(file, filling);
    }

    void add(TcpSession session, Random random) {
        ExchangeEnd end = new ExchangeEnd(ends.size(), session, random);
        ends.add(end);
        endOf.put(session, end);
    }

    List<ExchangeEnd> ends() {
        return ends;
    }

    ExchangeEnd peerOf(ExchangeEnd end) {
        return ends.get(end.index ^ 1);
    }

    /** Notes what must not be: the storm ends with it. */
    void fault(Throwable fault) {
        faults.add(fault);
    }

    Queue<Throwable> faults() {
        return faults;
    }

    boolean isSending() {
        return sending;
    }

    /** Lets callbacks send no more. */
    void stopSending() {
        sending = false;
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

    /** Sends a few bursts to ends that chance decides. */
    void sendSome(int sender, Random random) throws IOException {
        for (int bursts = random.nextInt(4); bursts > 0 && sending; bursts--) {
            ExchangeEnd to = ends.get(random.nextInt(ENDS));
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
            if (breaking) {
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

    /** Sends in a way that chance decides, or asks. */
    private void sendOne(int sender, ExchangeEnd to, Random random) throws IOException {
        int number = to.accepted[sender]++;
        ByteBuffer message = message(sender, number, number & 0x7F, LENGTHS[random.nextInt(LENGTHS.length)]);
        Outcome outcome = new Outcome(number);
        boolean accepted =
                switch (random.nextInt(14)) {
                    case 0 -> note(outcome, to.session.send(message, outcome));
                    case 1 -> note(outcome, to.session.transfer(message, outcome));
                    case 2 -> sendAsync(to, ExchangeEnd.id(sender, number), message, random);
                    case 3 -> sendFile(to, sender, outcome, random);
                    case 4, 5, 6, 7, 8 -> ask(to, ExchangeEnd.id(sender, number), message, outcome, random);
                    case 9 -> askForFuture(to, ExchangeEnd.id(sender, number), message, random);
                    default -> to.session.send(message).isAccepted();
                };
        if (!accepted) {
            to.accepted[sender]--;
        }
    }

    private boolean note(Outcome outcome, SendResult result) {
        outcome.refused = !result.isAccepted();
        outcomes.add(outcome);
        return result.isAccepted();
    }

    private static boolean sendAsync(ExchangeEnd to, long id, ByteBuffer message, Random random) {
        to.takenBack.add(id);
        CompletableFuture<Void> sent = to.session.sendAsync(message);
        boolean doubtful = sent.isCompletedExceptionally() || (random.nextBoolean() && sent.cancel(false));
        if (!doubtful) {
            to.takenBack.remove(id);
        }
        return true;
    }

    private boolean sendFile(ExchangeEnd to, int sender, Outcome outcome, Random random) {
        long id = ExchangeEnd.id(sender, outcome.number);
        to.takenBack.add(id);
        ByteBuffer header = message(sender, outcome.number, FILE_FILLING, 0);
        CompletableFuture<Void> sent = to.session.sendFile(file, 0, random.nextInt(FILE_BYTES), header);
        if (!sent.isCompletedExceptionally()) {
            to.takenBack.remove(id);
        }
        outcomes.add(outcome);
        sent.whenComplete((none, failure) -> outcome.run());
        return true;
    }

    private boolean ask(ExchangeEnd to, long id, ByteBuffer message, Outcome outcome, Random random) {
        Duration timeout = random.nextInt(8) == 0 ? Duration.ofMillis(1) : LONG;
        outcomes.add(outcome);
        to.takenBack.add(id);
        TransportException refused = to.session.begin(message, timeout.toNanos(), outcome);
        if (refused != null) {
            outcome.refused = true;
            to.takenBack.remove(id);
        } else if (outcome.told.get() == 0) {
            to.takenBack.remove(id);
        }
        return refused == null;
    }

    private static boolean askForFuture(ExchangeEnd to, long id, ByteBuffer message, Random random) {
        to.takenBack.add(id);
        CompletableFuture<ByteBuffer> reply = to.session.request(message, LONG);
        if (random.nextBoolean()) {
            reply.cancel(false);
        }
        return true;
    }

    private void broadcast(int sender, Random random) {
        int side = random.nextInt(2);
        List<ExchangeEnd> members = new ArrayList<>();
        for (ExchangeEnd end : ends) {
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
            for (ExchangeEnd member : members) {
                if (broadcast.send(member.session).isAccepted()) {
                    member.broadcasts[sender]++;
                }
            }
        }
    }

    /** A handler: checks what a callback is given, and answers with more. */
    void take(Session session, ByteBuffer message) throws IOException {
        ExchangeEnd to = endOf.get(session);
        if (to == null) {
            return;
        }
        try {
            peerOf(to).see(message, breaking);
        } catch (AssertionError fault) {
            faults.add(fault);
            sending = false;
        }
        // Else the storm would feed itself without an end.
        if (sending && to.random.nextInt(3) == 0) {
            sendSome(to.index, to.random);
        }
    }

    /** A handler: answers before or after it has taken the request for a message, or leaves that to somebody else. */
    void answer(Session session, ByteBuffer request, Reply reply) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(8)
                .putInt(request.getInt(request.position() + 4))
                .putInt(0)
                .flip();
        ExchangeEnd to = endOf.get(session);
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

    /** Gives the replies that nobody has given yet; returns false if one found no room. */
    boolean giveKept() {
        KeptReply reply;
        while ((reply = kept.poll()) != null) {
            if (reply.give() == SendResult.REFUSED) {
                kept.add(reply);
                return false;
            }
        }
        return true;
    }

    /** Checks that all that was begun has been told one outcome, and what was refused none. */
    void requireOneOutcomeEach() {
        for (Outcome outcome : outcomes) {
            assertEquals(outcome.refused ? 0 : 1, outcome.told.get());
        }
    }
}

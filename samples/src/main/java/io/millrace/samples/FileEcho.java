package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * One connection of the demo: sends a file through an echo server, a number of times over, in messages of random
 * sizes, and checks that the same bytes come back.
 *
 * <p>Threading: Confined to one session: calls never overlap, the thread may change; each call happens-before the
 * next. {@link #outcome()} is thread-safe.
 */
final class FileEcho implements MessageHandler {
    /*
     *   0 ............ echoed ............ sent ............ total
     *   | came back    | on its way       | to be sent      |
     *
     * What is on its way is bounded by the window, in bytes and in messages, so nothing piles up anywhere: every echo
     * that arrives makes room for the next messages. No message spans two copies of the file, so whenever the end of a
     * copy has come back the digest must be the file's.
     */
    private static final int MAX_MESSAGE_BYTES = 256 << 10;

    /** One of the largest messages, or several of the others. */
    private static final int WINDOW_BYTES = MAX_MESSAGE_BYTES;

    private static final int WINDOW_MESSAGES = 16;

    private record Sent(int bytes, long atNanos) {}

    private final SharedFile file;
    private final long total;
    private final SplittableRandom random;
    private final LoadReport report;
    private final CompletableFuture<Void> outcome = new CompletableFuture<>();

    // Confined to the session.
    private final MessageDigest digest = SharedFile.newDigest();
    private final ArrayDeque<Sent> onTheWay = new ArrayDeque<>();
    private long sent;
    private long echoed;
    private int nextBytes;

    FileEcho(SharedFile file, int copies, long seed, LoadReport report) {
        this.file = file;
        this.total = (long) copies * file.size();
        this.random = new SplittableRandom(seed);
        this.report = report;
        this.nextBytes = chooseSize();
    }

    /** Completes well when everything has come back unchanged; the connection stays open then. */
    CompletableFuture<Void> outcome() {
        return outcome;
    }

    /** Returns what has gone wrong so far, or nothing; not to have finished counts as wrong. */
    Stream<String> failure() {
        return outcome.handle((done, failure) -> Stream.ofNullable(failure).map(Throwable::getMessage))
                .getNow(Stream.of("not finished in time"));
    }

    @Override
    public void onOpen(Session session) {
        report.opened();
        sendWhatFits(session);
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) {
        Sent first = onTheWay.remove();
        if (first.bytes != message.remaining()) {
            fail(session, first.bytes + " bytes came back as " + message.remaining());
            return;
        }
        report.echoed(first.bytes, System.nanoTime() - first.atNanos);
        echoed += first.bytes;
        digest.update(message);
        if (echoed % file.size() == 0 && !SharedFile.finish(digest).equals(file.sha256())) {
            fail(session, "the file came back with another SHA-256");
        } else if (echoed == total) {
            outcome.complete(null);
        } else {
            sendWhatFits(session);
        }
    }

    private void sendWhatFits(Session session) {
        SendResult result = SendResult.ACCEPTED;
        while (result == SendResult.ACCEPTED && sent < total && hasRoom()) {
            long now = System.nanoTime();
            result = session.send(file.content().slice((int) (sent % file.size()), nextBytes));
            if (result.isAccepted()) {
                onTheWay.add(new Sent(nextBytes, now));
                sent += nextBytes;
                nextBytes = chooseSize();
            }
        }
        // After CONGESTED and REFUSED the next echo goes on from here. After CLOSED there is nothing to do: onClose.
        if (result == SendResult.REFUSED && onTheWay.isEmpty()) {
            fail(session, "no memory left to send with: use fewer connections, or a larger heap");
        }
    }

    private boolean hasRoom() {
        return onTheWay.size() < WINDOW_MESSAGES && sent - echoed + nextBytes <= WINDOW_BYTES;
    }

    /** Chooses among all magnitudes alike, so that short messages are as frequent as long ones. */
    private int chooseSize() {
        int size = (int) Math.exp(random.nextDouble() * Math.log(MAX_MESSAGE_BYTES + 1.0));
        return Math.min(size, file.size() - (int) (sent % file.size()));
    }

    private void fail(Session session, String why) {
        outcome.completeExceptionally(new IOException("connection " + session.id() + ": " + why));
        session.abort();
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        report.closed();
        // Of no effect on a transfer whose outcome is known.
        outcome.completeExceptionally(new IOException("connection " + session.id() + " closed early: " + reason));
    }
}

package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * One connection of the echo client: keeps a number of messages on their way, and checks what comes back.
 *
 * <p>Threading: Confined to one session: calls never overlap, the thread may change; each call happens-before the
 * next. {@link #finish()} and {@link #outcome()} are thread-safe.
 */
final class EchoLoad implements MessageHandler {
    /**
     * What all connections send. Message k is a slice of one block of random letters, at an offset that depends on k, so
     * that one echo is not taken for the next.
     *
     * @param framing how messages are framed
     * @param block random letters; only its slices are used
     * @param size bytes per message
     * @param depth messages on their way
     */
    record Shape(Framing framing, ByteBuffer block, int size, int depth) {
        private static final int VARIETY = 251;
        /** Printable ASCII without the space, so that any framing can carry it. */
        private static final int FIRST_LETTER = '!';

        private static final int LETTERS = '~' - '!' + 1;

        static Shape of(Framing framing, int size, int depth) {
            byte[] block = new byte[Math.addExact(size, VARIETY)];
            Random random = new Random(size);
            for (int i = 0; i < block.length; i++) {
                block[i] = (byte) (FIRST_LETTER + random.nextInt(LETTERS));
            }
            return new Shape(framing, ByteBuffer.wrap(block), size, depth);
        }

        ByteBuffer message(long number) {
            return block.slice((int) (number % VARIETY), size);
        }
    }

    private final Shape shape;
    private final LoadReport report;
    private final CompletableFuture<Void> outcome = new CompletableFuture<>();
    private volatile boolean finishing;

    // Confined to the session.
    private final long[] sentNanos;
    private long sent;
    private long echoed;
    private ByteBuffer expected;

    EchoLoad(Shape shape, LoadReport report) {
        this.shape = shape;
        this.report = report;
        this.sentNanos = new long[shape.depth];
        this.expected = shape.message(0);
    }

    /** Sends nothing more. */
    void finish() {
        finishing = true;
    }

    /** Completes well when, after {@link #finish()}, everything has come back unchanged. */
    CompletableFuture<Void> outcome() {
        return outcome;
    }

    @Override
    public void onOpen(Session session) {
        report.opened();
        sendUpToDepth(session);
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) {
        long now = System.nanoTime();
        if (shape.framing.hasFrames() && message.remaining() != shape.size) {
            fail(session, shape.size + " bytes came back as " + message.remaining());
            return;
        }
        while (message.hasRemaining()) {
            if (echoed == sent || !matchesNext(message)) {
                fail(session, "what came back is not what was sent");
                return;
            }
            if (!expected.hasRemaining()) {
                report.echoed(shape.size, now - sentNanos[(int) (echoed % shape.depth)]);
                expected = shape.message(++echoed);
            }
        }
        if (!finishing) {
            sendUpToDepth(session);
        } else if (echoed == sent) {
            outcome.complete(null);
        }
    }

    /** Compares as much of the next message as has come, and moves past it. */
    private boolean matchesNext(ByteBuffer message) {
        int bytes = Math.min(expected.remaining(), message.remaining());
        boolean same = expected.slice(expected.position(), bytes).equals(message.slice(message.position(), bytes));
        expected.position(expected.position() + bytes);
        message.position(message.position() + bytes);
        return same;
    }

    private void sendUpToDepth(Session session) {
        SendResult result = SendResult.ACCEPTED;
        while (result.isAccepted() && sent - echoed < shape.depth) {
            long now = System.nanoTime();
            try {
                result = session.send(shape.message(sent));
            } catch (IllegalArgumentException tooLong) {
                fail(session, "not sent: " + tooLong.getMessage());
                return;
            }
            if (result.isAccepted()) {
                sentNanos[(int) (sent++ % shape.depth)] = now;
            }
        }
        // CONGESTED asks to slow down, which is what the depth is for. After REFUSED the next echo goes on from here.
        if (result == SendResult.REFUSED && echoed == sent) {
            fail(session, "no memory left to send with: use fewer connections, or a larger heap");
        }
    }

    private void fail(Session session, String why) {
        outcome.completeExceptionally(new IOException("connection " + session.id() + ": " + why));
        session.abort();
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        report.closed();
        // Of no effect on a connection whose outcome is known.
        outcome.completeExceptionally(new IOException("connection " + session.id() + " lost: " + reason));
    }
}

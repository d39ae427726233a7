package io.millrace.server.internal;

import io.millrace.core.engine.Deadlines;
import io.millrace.server.admission.RefusalReason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts the connections that are refused, and closes them: with a message if there is one and not too many are being
 * told just now.
 *
 * <p>Threading: Thread-safe.
 */
final class Refusals {
    /** How many are told at once: more than come in two seconds unless something is wrong, and few descriptors. */
    static final int MOST_ANSWERS = 100;

    private static final Logger log = LoggerFactory.getLogger(Refusals.class);

    private final RefusalMessages messages;
    private final Deadlines deadlines;
    private final Map<RefusalReason, LongAdder> counts = new EnumMap<>(RefusalReason.class);

    // Guarded by this.
    private final Set<RefusalAnswer> answers = new HashSet<>();
    private boolean closed;

    Refusals(RefusalMessages messages, Deadlines deadlines) {
        this.messages = messages;
        this.deadlines = deadlines;
        for (RefusalReason reason : RefusalReason.values()) {
            counts.put(reason, new LongAdder());
        }
    }

    /** Counts a refusal and closes the channel, now or soon. */
    void refuse(AsynchronousSocketChannel channel, RefusalReason reason) {
        countOf(reason).increment();
        ByteBuffer message = messages.of(reason);
        RefusalAnswer answer = message == null ? null : new RefusalAnswer(channel, message, deadlines, this::answered);
        if (answer != null && add(answer)) {
            answer.start();
        } else {
            close(channel);
        }
    }

    private LongAdder countOf(RefusalReason reason) {
        LongAdder count = counts.get(reason);
        if (count == null) {
            throw new IllegalStateException("no counter for " + reason);
        }
        return count;
    }

    private synchronized boolean add(RefusalAnswer answer) {
        return !closed && answers.size() < MOST_ANSWERS && answers.add(answer);
    }

    private synchronized void answered(RefusalAnswer answer) {
        answers.remove(answer);
    }

    /** Closes those that are being told, and tells no more. */
    void close() {
        List<RefusalAnswer> left;
        synchronized (this) {
            closed = true;
            left = List.copyOf(answers);
        }
        left.forEach(RefusalAnswer::close);
    }

    private static void close(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("close failed; cause={}", e.toString());
        }
    }

    /** Returns how many connections are being told. */
    synchronized int answering() {
        return answers.size();
    }

    /** Returns how many were refused for each reason since the start; all reasons are there. */
    Map<RefusalReason, Long> counts() {
        Map<RefusalReason, Long> sums = new EnumMap<>(RefusalReason.class);
        counts.forEach((reason, count) -> sums.put(reason, count.sum()));
        return Collections.unmodifiableMap(sums);
    }
}

package io.millrace.testing;

import io.millrace.core.CloseReason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one session has told its handler, and whether it kept the contract: open, messages, close; once, in that order,
 * never two at a time, each seeing what the one before has written.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Errors: a wait that takes longer than {@value #TIMEOUT_SECONDS} s fails with what has happened so far.
 */
public final class Recording {
    /** How long a wait lasts at most, in seconds. */
    public static final int TIMEOUT_SECONDS = 20;

    private final AtomicReference<@Nullable Thread> running = new AtomicReference<>();

    // Guarded by this.
    private final List<String> events = new ArrayList<>();
    private final List<byte[]> messages = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private final Set<String> threads = new TreeSet<>();
    private int opened;
    private int closed;
    private @Nullable CloseReason reason;

    // Confined to the callbacks, which see each other's writes or break their contract.
    private int callbacks;

    Recording() {}

    void beginCallback(String event) {
        Thread before = running.getAndSet(Thread.currentThread());
        int seen = callbacks++;
        synchronized (this) {
            if (before != null) {
                violations.add(event + " overlaps a callback on " + before.getName());
            }
            if (seen != events.size()) {
                violations.add(event + " does not see the callback before it: " + seen + " of " + events.size());
            }
            if (closed > 0) {
                violations.add(event + " after close");
            }
            events.add(event);
            threads.add(Thread.currentThread().getName());
            notifyAll();
        }
    }

    void endCallback() {
        running.set(null);
    }

    synchronized void opened() {
        opened++;
        notifyAll();
    }

    synchronized void message(ByteBuffer message) {
        byte[] copy = new byte[message.remaining()];
        message.get(message.position(), copy);
        messages.add(copy);
        notifyAll();
    }

    synchronized void closed(CloseReason why) {
        closed++;
        reason = why;
        notifyAll();
    }

    /**
     * Waits until onClose has been called.
     *
     * @return its reason
     */
    public synchronized CloseReason awaitClose() {
        await("onClose", () -> closed > 0);
        CloseReason why = reason;
        if (why == null) {
            throw new AssertionError("onClose without a reason");
        }
        return why;
    }

    /**
     * Waits until so many messages have been delivered.
     *
     * @param count how many
     * @return copies of all messages so far
     */
    public synchronized List<byte[]> awaitMessages(int count) {
        await(count + " messages", () -> messages.size() >= count);
        return List.copyOf(messages);
    }

    private synchronized void await(String what, BooleanSupplier condition) {
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
        try {
            while (!condition.getAsBoolean()) {
                long leftMillis = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
                if (leftMillis <= 0) {
                    throw new AssertionError("waited in vain for " + what + "; so far: " + this);
                }
                wait(leftMillis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + what, e);
        }
    }

    /**
     * Returns the names of the callbacks, in order.
     *
     * @return such as {@code [onOpen, onMessage, onClose]}
     */
    public synchronized List<String> events() {
        return List.copyOf(events);
    }

    /**
     * Returns the messages delivered so far.
     *
     * @return copies
     */
    public synchronized List<byte[]> messages() {
        return List.copyOf(messages);
    }

    /**
     * Returns the threads that callbacks have run on.
     *
     * @return their names
     */
    public synchronized Set<String> threads() {
        return Set.copyOf(threads);
    }

    /** Fails unless the session has opened once, closed once and last, and nothing has overlapped. */
    public synchronized void verify() {
        if (opened != 1 || closed != 1 || !violations.isEmpty()) {
            throw new AssertionError("the contract of callbacks is broken: " + this);
        }
    }

    @Override
    public synchronized String toString() {
        return "opened=" + opened + " messages=" + messages.size() + " closed=" + closed + " reason=" + reason
                + " violations=" + violations;
    }
}

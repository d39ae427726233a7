package io.millrace.testing;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FaultyChannel} does to one operation.
 *
 * <p>Threading: Immutable.
 */
public final class Fault {
    /** The operations of a channel that faults can be injected into. */
    public enum Operation {
        /** A read with a handler. */
        READ,
        /** A write with a handler, gathering or not. */
        WRITE,
        /** The end of the stream. */
        SHUTDOWN_OUTPUT,
        /** Setting a socket option. */
        SET_OPTION,
        /** Closing the channel. It is closed all the same, as the system does, and then fails. */
        CLOSE
    }

    /** What becomes of the operation. */
    enum Effect {
        /** It is not started: the call throws. */
        THROW,
        /** It is not started: the handler is told of the failure inside the call. */
        FAIL,
        /** It is not started: another thread, not one of the group's, tells the handler of the failure. */
        FAIL_ELSEWHERE,
        /** It is done, and another thread, not one of the group's, tells the handler. */
        COMPLETE_ELSEWHERE,
        /** It is done, and the handler is told inside the call if the system could do it at once. */
        COMPLETE_INLINE,
        /** It is done with so many bytes at most. */
        COMPLETE_PARTLY
    }

    private final Effect effect;
    private final int bytes;
    private final @Nullable Throwable cause;
    private final @Nullable CountDownLatch gate;

    private Fault(Effect effect, int bytes, @Nullable Throwable cause) {
        this(effect, bytes, cause, null);
    }

    private Fault(Effect effect, int bytes, @Nullable Throwable cause, @Nullable CountDownLatch gate) {
        this.effect = effect;
        this.bytes = bytes;
        this.cause = cause;
        this.gate = gate;
    }

    /**
     * Makes the call throw and the operation not happen.
     *
     * @param cause what is thrown: for reads and writes unchecked, for the other operations also an
     *     {@link IOException}
     * @return the fault
     */
    public static Fault throwing(Throwable cause) {
        return new Fault(Effect.THROW, 0, cause);
    }

    /**
     * Makes the operation fail inside the call.
     *
     * @param cause what the handler is told
     * @return the fault, for reads and writes
     */
    public static Fault failing(Throwable cause) {
        return new Fault(Effect.FAIL, 0, cause);
    }

    /**
     * Makes the operation fail on another thread, perhaps before the call has returned.
     *
     * @param cause what the handler is told
     * @return the fault, for reads and writes
     */
    public static Fault failingElsewhere(Throwable cause) {
        return new Fault(Effect.FAIL_ELSEWHERE, 0, cause);
    }

    /**
     * Delivers the completion on a thread that is not one of the group's.
     *
     * @return the fault, for reads and writes
     */
    public static Fault completingElsewhere() {
        return new Fault(Effect.COMPLETE_ELSEWHERE, 0, null);
    }

    /**
     * Delivers the completion on a thread that is not one of the group's, and not before a gate opens: whatever the
     * operation is told of, also that its channel was closed, it hears late.
     *
     * @param gate opens when it has been counted down to zero; after 20 s it counts as open
     * @return the fault, for reads and writes
     */
    public static Fault completingAfter(CountDownLatch gate) {
        return new Fault(Effect.COMPLETE_ELSEWHERE, 0, null, gate);
    }

    /**
     * Delivers the completion inside the call whenever the system can do the operation at once, on whatever thread the
     * call is made; and otherwise on a thread that is not one of the group's. Operations on several buffers at once
     * are left as they are: the system has no way to try those.
     *
     * @return the fault, for reads and writes
     */
    public static Fault completingInline() {
        return new Fault(Effect.COMPLETE_INLINE, 0, null);
    }

    /**
     * Lets the operation have only a part of its buffers.
     *
     * @param bytes the most it reads or writes, at least 1
     * @return the fault, for reads and writes
     * @throws IllegalArgumentException if that is none
     */
    public static Fault completingPartly(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("bytes is " + bytes + "; it must be at least 1");
        }
        return new Fault(Effect.COMPLETE_PARTLY, bytes, null);
    }

    Effect effect() {
        return effect;
    }

    /** Waits for the gate, if there is one. */
    void awaitGate() {
        if (gate == null) {
            return;
        }
        try {
            boolean opened = gate.await(Recording.TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (!opened) {
                System.err.println("nobody has opened the gate of " + this);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    int bytes() {
        return bytes;
    }

    Throwable cause() {
        Throwable known = cause;
        if (known == null) {
            throw new IllegalStateException(this + " has no cause");
        }
        return known;
    }

    /** Refuses what the operation cannot do. */
    void requireFor(Operation operation) {
        boolean moves = operation == Operation.READ || operation == Operation.WRITE;
        boolean checked = cause != null && !(cause instanceof RuntimeException) && !(cause instanceof Error);
        boolean possible = moves
                ? effect != Effect.THROW || !checked
                : effect == Effect.THROW && (!checked || cause instanceof IOException);
        if (!possible) {
            throw new IllegalArgumentException(operation + " cannot be " + this);
        }
    }

    @Override
    public String toString() {
        return effect + (bytes > 0 ? " " + bytes + " bytes" : "") + (cause != null ? " " + cause : "");
    }
}

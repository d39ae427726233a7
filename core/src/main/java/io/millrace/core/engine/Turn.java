package io.millrace.core.engine;

import io.millrace.core.memory.SharedSlice;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The work of one I/O thread between two visits to its event loop.
 *
 * <p>Threading: Confined to one I/O thread.
 *
 * <p>Lifecycle: one per I/O thread, opened and closed by {@link #run}.
 */
public final class Turn {
    /*
     * Four problems, one answer each.
     *
     * 1. A callback that sends to a hundred sessions, or a hundred times to one, should cost one write per session.
     *    Whatever it sends to notes itself here (touch) and is flushed once, when the runner's step ends.
     * 2. A callback of session A that closes session B must not run B's callbacks inside A's. B waits in `ready`
     *    until A's runner is done, so the stack never grows with the number of sessions involved.
     * 3. Of the hundred messages to one session each would take the lock of its queue. The stage takes the lock for the
     *    first two only (Stage).
     * 4. A message that a callback sends on, to whichever session, need not be copied out of the buffer that it was
     *    received in. Who has lent it is noted here for as long as the callback runs (lend).
     *
     * Nothing is left behind: run() drains both lists before it closes the turn. Neither a runner nor a flush throws;
     * what a session's step throws is the session's end, not the turn's.
     */

    /** Something that has gathered output in the turn and sends it at the end. */
    public interface Flushable {
        /** Starts writing what has gathered, unless a write is in flight already. Must not throw. */
        void flush();
    }

    /** Something that lends its buffer to a callback, and shares it if the callback sends on what lies in it. */
    public interface Lender {
        /**
         * Gives away the part of the buffer that a message lies in.
         *
         * @param message what was lent to the callback
         * @return that part, the caller's; or null if this is not what was lent, or there is no other buffer to go on
         *     with
         * @throws IllegalStateException if it has been given away already
         */
        @Nullable
        SharedSlice tryGiveUp(ByteBuffer message);

        /** Takes the part back, which nobody wanted, and releases it. */
        void takeBack();
    }

    // All confined to the I/O thread that owns this turn.
    private final Stage stage = new Stage();
    private @Nullable Lender lender;
    private final ArrayList<Flushable> touched = new ArrayList<>();
    private final ArrayDeque<SerialRunner> ready = new ArrayDeque<>();
    private boolean open;

    // Written by the I/O thread alone; read by the watchdog. Odd in a turn; it moves with every step.
    private final AtomicInteger progress = new AtomicInteger();

    Turn() {}

    /** Returns a number that changes with every step of the thread. */
    int progress() {
        return progress.get();
    }

    /** Returns whether the thread was in a turn when it had this progress. */
    static boolean isInStep(int progress) {
        return (progress & 1) != 0;
    }

    /** Counts a step. Ordered, not volatile: the watchdog may see it late, and the turn must not pay for a fence. */
    void stepped() {
        progress.lazySet(progress.getPlain() + 2);
    }

    private void toggleInTurn() {
        progress.lazySet(progress.getPlain() + 1);
    }

    /**
     * Returns the turn that is open on this thread.
     *
     * @return the turn, or null off the I/O threads and between turns
     */
    public static @Nullable Turn current() {
        return Thread.currentThread() instanceof IoThread thread && thread.turn().open ? thread.turn() : null;
    }

    /**
     * Notes that something has output to flush at the end of the turn.
     *
     * @param flushable what to flush; noted as often as it is passed
     */
    public void touch(Flushable flushable) {
        touched.add(flushable);
    }

    /**
     * Says who has lent a buffer to the callback that is about to run, or that nobody has any more.
     *
     * @param newLender the lender, or null
     */
    public void lend(@Nullable Lender newLender) {
        lender = newLender;
    }

    /**
     * Returns who has lent a buffer to the callback that is running.
     *
     * @return the lender, or null
     */
    public @Nullable Lender lender() {
        return lender;
    }

    /**
     * Returns where messages to one session are put together.
     *
     * @return the stage
     */
    public Stage stage() {
        return stage;
    }

    /** Flushes everything touched so far. */
    public void flush() {
        stage.clear();
        // By index: a flush may complete at once and touch more.
        for (int i = 0; i < touched.size(); i++) {
            touched.get(i).flush();
        }
        touched.clear();
    }

    /** Runs the runner now, or after the one that is running if this turn is open already. */
    void run(SerialRunner runner) {
        ready.add(runner);
        if (open) {
            return;
        }
        open = true;
        toggleInTurn();
        try {
            SerialRunner next;
            while ((next = ready.poll()) != null) {
                next.runPending(this);
                flush();
            }
        } finally {
            open = false;
            toggleInTurn();
        }
    }
}

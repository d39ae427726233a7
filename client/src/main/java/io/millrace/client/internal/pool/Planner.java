package io.millrace.client.internal.pool;

import java.util.concurrent.locks.ReentrantLock;

/** Has one thread at a time decide under a lock and act without it, until there is nothing left to do. */
final class Planner {
    /*
     * Who comes while another thread plans leaves a note and goes: that thread makes another round. A round that has
     * done something is followed by another, for what was done may have changed things. Nobody waits, and what is done
     * may call here again without going deeper.
     */

    /** What is planned. */
    interface Rounds {
        /** Decides what is to be done now. Guarded by the lock. */
        void decide(Work work);

        /** Does it. */
        void perform(Work work);

        /** Hears that nothing is left to do for now. Guarded by the lock. */
        void settled();
    }

    private final ReentrantLock lock;
    private final Rounds rounds;

    // Guarded by lock.
    private boolean planning;
    private boolean again;

    Planner(ReentrantLock lock, Rounds rounds) {
        this.lock = lock;
        this.rounds = rounds;
    }

    /** Returns whether some thread plans. Guarded by the lock. */
    boolean isPlanning() {
        return planning;
    }

    void plan() {
        while (true) {
            Work work = new Work();
            lock.lock();
            try {
                if (planning) {
                    again = true;
                    return;
                }
                planning = true;
                again = false;
                rounds.decide(work);
            } finally {
                lock.unlock();
            }
            boolean another;
            try {
                rounds.perform(work);
            } finally {
                lock.lock();
                try {
                    planning = false;
                    another = again || !work.isEmpty();
                    if (!another) {
                        rounds.settled();
                    }
                } finally {
                    lock.unlock();
                }
            }
            if (!another) {
                return;
            }
        }
    }
}

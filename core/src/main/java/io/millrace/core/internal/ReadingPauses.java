package io.millrace.core.internal;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Why one session does not read for now, and who does not read because of it. */
final class ReadingPauses {
    /*
     * A session reads unless the application has paused it, or it awaits others whose queues are long: those that it
     * passes messages on to. Both sides of such a wait meet here, each under its own lock, never under both:
     *
     *   source: awaits the target;  target: notes who waits;  source: is the target still congested?  if not, reads on
     *   target: is not congested;   takes and wakes whoever waits
     *
     * The queue is asked after the note, and the notes are taken after the queue has changed. So one of the two sees
     * the other, whatever comes in between, and no wake-up is lost. One too many does no harm: the source reads, sends,
     * and is told again that the target is congested.
     *
     * Whoever ends a wait takes back the note first: a wait that begins in between has a note of its own, and what is
     * left over of either is a note too many, or a wait too few.
     *
     * Signals come outside the locks, because they may call the application.
     */

    /** The session whose reading this is about. */
    interface Reader {
        /** Returns whether its queue is long, so that those who send to it should wait. */
        boolean isCongested();

        /** Takes what is true from now on; under a lock. */
        void setReadingPaused(boolean paused);

        /** Looks again at whether it may read; under no lock. */
        void readingChanged();
    }

    private final Reader session;

    // Guarded by this. The sets are made when they are needed, for most sessions pass nothing on.
    private boolean byApplication;
    private boolean over;
    private @Nullable Set<ReadingPauses> awaited;
    private @Nullable Set<ReadingPauses> waiting;

    ReadingPauses(Reader session) {
        this.session = session;
    }

    /** Stops reading until the application says otherwise, or goes on as far as it is concerned. */
    void pause(boolean pause) {
        synchronized (this) {
            byApplication = pause;
            update();
        }
        session.readingChanged();
    }

    /** Stops reading until another session takes more, or has ended. */
    void await(ReadingPauses target) {
        if (!target.isCongested() || !tryAwait(target)) {
            return;
        }
        if (!target.tryNote(this) || !target.isCongested() || isOver()) {
            target.forget(this);
            release(target);
        } else {
            session.readingChanged();
        }
    }

    /** Reads on, whoever has paused it and for whatever. */
    void clear() {
        Set<ReadingPauses> targets;
        synchronized (this) {
            byApplication = false;
            targets = awaited == null ? Set.of() : Set.copyOf(awaited);
            update();
        }
        for (ReadingPauses target : targets) {
            target.forget(this);
            release(target);
        }
        session.readingChanged();
    }

    /** Hears that this session takes more: whoever waits for it reads on. */
    void relieved() {
        Set<ReadingPauses> sources;
        synchronized (this) {
            sources = waiting;
            waiting = null;
        }
        if (sources != null) {
            sources.forEach(source -> source.release(this));
        }
    }

    /** Hears that this session has ended: it waits for nobody, and nobody for it. */
    void end() {
        Set<ReadingPauses> targets;
        synchronized (this) {
            over = true;
            targets = awaited == null ? Set.of() : awaited;
            awaited = null;
        }
        targets.forEach(target -> target.forget(this));
        relieved();
    }

    private boolean isCongested() {
        return session.isCongested();
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized boolean tryAwait(ReadingPauses target) {
        if (over) {
            return false;
        }
        if (awaited == null) {
            awaited = new HashSet<>();
        }
        awaited.add(target);
        update();
        return true;
    }

    private synchronized boolean tryNote(ReadingPauses source) {
        if (over) {
            return false;
        }
        if (waiting == null) {
            waiting = new HashSet<>();
        }
        waiting.add(source);
        return true;
    }

    private synchronized void forget(ReadingPauses source) {
        if (waiting != null) {
            waiting.remove(source);
        }
    }

    private void release(ReadingPauses target) {
        synchronized (this) {
            if (awaited == null || !awaited.remove(target)) {
                return;
            }
            update();
        }
        session.readingChanged();
    }

    /** Guarded by this. */
    private void update() {
        session.setReadingPaused(byApplication || (awaited != null && !awaited.isEmpty()));
    }
}

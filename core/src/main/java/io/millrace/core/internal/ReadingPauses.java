package io.millrace.core.internal;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Why one session does not read for now, and who does not read because of it. */
final class ReadingPauses {
    /*
     * A session reads unless the application has paused it, or it awaits others whose queues are long: those that it
     * passes messages on to. Both sides of such a wait meet here, each under its own lock, never under both:
     *
     *   source: awaits the target;  target: notes who waits;  source: is the target still congested?  if not, reads on
     *   target: is not congested;   takes and wakes whoever waits, one by one, as long as it is not congested again
     *
     * The queue is asked after the note, and the notes are taken after the queue has changed. So one of the two sees
     * the other, whatever comes in between, and no wake-up is lost. One too many does no harm: the source reads, sends,
     * and is told again that the target is congested.
     *
     * If a hundred wait, and the first that reads on fills the queue, the others go on waiting: all at once they would
     * send more than the queue may hold. It is congested then, so another relief follows.
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

    /** Hears that this session takes more: those who wait read on, the longest first, until it takes no more. */
    void relieved() {
        // One in any case, or an application that fills the queue in onWritable would leave no room for others.
        ReadingPauses source = nextWaiting(true);
        while (source != null) {
            source.release(this);
            source = nextWaiting(false);
        }
    }

    private synchronized @Nullable ReadingPauses nextWaiting(boolean evenIfCongested) {
        if (waiting == null || !(evenIfCongested || over || !isCongested())) {
            return null;
        }
        Iterator<ReadingPauses> each = waiting.iterator();
        if (!each.hasNext()) {
            return null;
        }
        ReadingPauses longest = each.next();
        each.remove();
        return longest;
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
            waiting = new LinkedHashSet<>();
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

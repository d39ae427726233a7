package io.millrace.core.internal.send;

import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.memory.SharedSlice;
import org.jspecify.annotations.Nullable;

/** A chain of chunks: what its links have to do with each other, whatever they hold. */
abstract class ChunkChain {
    /*
     * Four layers make the queue of a session, one idea each, and one lock guards all of them, the writer and the
     * intake: the monitor of the whole. "Guarded by the queue" means that lock.
     *
     *     ChunkChain <--- GatheringChain <--- FrameChain <--- SendQueue
     *     links           an end that is out  appending       taking, control frames
     *
     * Methods here leave `tail.next` null, and head and tail both null when nothing is queued.
     */

    // Guarded by the queue.
    @Nullable
    Chunk head;

    @Nullable
    Chunk tail;

    /** Puts a chain behind all others. */
    final void link(Chunk first) {
        if (tail == null) {
            head = first;
        } else {
            tail.next = first;
        }
        tail = last(first);
    }

    /**
     * Puts a frame of a shared buffer behind all others: as a part of the last chunk if it lies right behind that in
     * the same buffer, and nothing of that is on its way, for then both are one buffer of a write.
     */
    final void linkOrJoin(SharedSlice frame) {
        boolean joined = tail instanceof SharedSlice last && last.startsFrame && last.tryJoin(frame);
        if (!joined) {
            link(frame);
        }
    }

    /** Returns the last chunk of a chain. */
    static Chunk last(Chunk first) {
        Chunk last = first;
        while (last.next != null) {
            last = last.next;
        }
        return last;
    }

    /** Inserts a chain behind a chunk, or in front of all. */
    final void insert(@Nullable Chunk before, Chunk first) {
        Chunk last = last(first);
        if (before == null) {
            last.next = head;
            head = first;
        } else {
            last.next = before.next;
            before.next = first;
        }
        if (last.next == null) {
            tail = last;
        }
    }

    /**
     * Takes out what is behind a chunk, or all of it.
     *
     * @return a chain to be released, or null
     */
    @Nullable
    final Chunk cutBehind(@Nullable Chunk before) {
        Chunk rest;
        if (before == null) {
            rest = head;
            head = null;
        } else {
            rest = before.next;
            before.next = null;
        }
        tail = before;
        return rest;
    }

    /** Returns whether all bytes of a chunk have been written, and no more will come into it. */
    private static boolean isDone(Chunk chunk) {
        boolean complete = chunk instanceof Source source ? source.isExhausted() : chunk.sealed;
        return complete && !chunk.buffer().hasRemaining();
    }

    /** Lets the next frame begin a chunk of its own. */
    final void sealTail() {
        if (tail instanceof PooledBuffer open) {
            open.seal();
        }
    }

    /**
     * Takes out what has been written to its end.
     *
     * @return a chain to be released, or null
     */
    @Nullable
    final Chunk takeEmptied() {
        Chunk first = head;
        Chunk lastEmptied = null;
        Chunk chunk = first;
        while (chunk != null && isDone(chunk)) {
            lastEmptied = chunk;
            chunk = chunk.next;
        }
        if (lastEmptied == null) {
            return null;
        }
        lastEmptied.next = null;
        head = chunk;
        if (chunk == null) {
            tail = null;
        }
        return first;
    }

    /**
     * Takes out a part of the chain, if all of it is still there: a buffer that has been written may be leased again,
     * and lie elsewhere in the chain, before whoever knows it hears of that.
     *
     * @return whether it was
     */
    final boolean tryUnlink(Chunk first, Chunk last) {
        Chunk before = null;
        Chunk at = head;
        while (at != null && at != first) {
            before = at;
            at = at.next;
        }
        while (at != null && at != last) {
            at = at.next;
        }
        if (at == null) {
            return false;
        }
        if (before == null) {
            head = last.next;
        } else {
            before.next = last.next;
        }
        if (tail == last) {
            tail = before;
        }
        last.next = null;
        return true;
    }
}

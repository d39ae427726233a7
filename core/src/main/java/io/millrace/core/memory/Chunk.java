package io.millrace.core.memory;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A run of bytes in the chain of whoever owns it: a buffer of the pool, or anything else that can be sent.
 *
 * <p>Threading: Not thread-safe; confined to, or guarded by, the owner of the chain.
 */
public abstract class Chunk {
    /** The chunk behind this one. */
    public @Nullable Chunk next;

    /** Whether a frame begins with the first byte of this chunk, and none of it is on its way yet. */
    public boolean startsFrame;

    /** Whether the frame that begins here has been put in front of others, and no other goes in front of it. */
    public boolean goesFirst;

    /** Whether the content is complete, and lies between position and limit; before that it ends at the position. */
    public boolean sealed;

    /** Makes a chunk that is in no chain. */
    protected Chunk() {}

    /**
     * Returns the bytes.
     *
     * @return the buffer that channel operations read into and write from
     */
    public abstract ByteBuffer buffer();

    /** Gives the bytes back to where they came from. Called once, outside of all locks, by the last owner. */
    public abstract void release();

    /** Completes the content: what has been put becomes what can be taken. */
    public final void seal() {
        if (!sealed) {
            buffer().flip();
            sealed = true;
        }
    }

    /**
     * Releases a whole chain.
     *
     * @param first its first chunk, or null if it is empty
     */
    public static void releaseAll(@Nullable Chunk first) {
        Chunk chunk = first;
        while (chunk != null) {
            Chunk following = chunk.next;
            chunk.next = null;
            chunk.release();
            chunk = following;
        }
    }
}

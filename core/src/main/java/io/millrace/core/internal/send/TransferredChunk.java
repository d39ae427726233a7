package io.millrace.core.internal.send;

import io.millrace.core.memory.Chunk;
import java.nio.ByteBuffer;

/** A buffer of the application's that is written from where it is, and given back afterwards. */
final class TransferredChunk extends Chunk {
    private final ByteBuffer buffer;
    private final Runnable release;

    TransferredChunk(ByteBuffer buffer, Runnable release) {
        this.buffer = buffer;
        this.release = release;
        this.sealed = true;
    }

    @Override
    public ByteBuffer buffer() {
        return buffer;
    }

    @Override
    public void release() {
        release.run();
    }
}

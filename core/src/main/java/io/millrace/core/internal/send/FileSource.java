package io.millrace.core.internal.send;

import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A region of a file, read ahead by one chunk into two buffers that it keeps until it is sent. */
public final class FileSource extends Source {
    /*
     * Each of the two buffers goes round:
     *
     *      free ---> being read into (off the I/O threads) ---> ready ---> in the queue, being written ---> free
     *
     * A region longer than two chunks thus needs no more memory than one of two. At most one read is under way, so the
     * chunks come in order.
     */
    private static final Logger log = LoggerFactory.getLogger(FileSource.class);

    private final FileChannel file;
    private final long end;

    // Confined to the read that is under way.
    private long position;

    // Guarded by the queue.
    private @Nullable FileChunk free;
    private @Nullable FileChunk ready;
    private boolean reading;
    private long undrawnBytes;

    private FileSource(FileChannel file, long offset, long length) {
        this.file = file;
        this.position = offset;
        this.end = offset + length;
        this.undrawnBytes = length;
    }

    /**
     * Leases what sending a region needs.
     *
     * @param file an open file; this source's own if there is an answer
     * @param offset index of the first byte
     * @param length how many bytes
     * @param buffers the pool
     * @return the source, or null if the pool has nothing left
     */
    public static @Nullable FileSource tryOpen(FileChannel file, long offset, long length, BufferPool buffers) {
        FileSource source = new FileSource(file, offset, length);
        long wanted = length;
        for (int i = 0; i < 2 && wanted > 0; i++) {
            PooledBuffer buffer = buffers.tryAcquire((int) Math.min(wanted, SendQueue.CHUNK_BYTES));
            if (buffer == null) {
                break;
            }
            source.free = new FileChunk(source, buffer, source.free);
            wanted -= buffer.capacity();
        }
        return source.free == null && length > 0 ? null : source;
    }

    @Override
    @Nullable
    Chunk draw(BufferPool buffers) {
        FileChunk drawn = ready;
        if (drawn != null) {
            ready = null;
            drawn.next = null;
            undrawnBytes -= drawn.buffer().remaining();
        }
        return drawn;
    }

    @Override
    boolean isExhausted() {
        return undrawnBytes == 0;
    }

    /** Guarded by the queue. Returns whether there is something to read, and a buffer for it. */
    boolean wantsReading() {
        return !reading && ready == null && free != null;
    }

    /** Guarded by the queue. Takes the buffer that is read into next. */
    FileChunk beginReading() {
        FileChunk next = free;
        if (next == null) {
            throw new IllegalStateException("no buffer to read " + file + " into");
        }
        reading = true;
        free = (FileChunk) next.next;
        next.next = null;
        return next;
    }

    /** Fills a buffer; blocks, so not for I/O threads. */
    void read(FileChunk chunk) throws IOException {
        ByteBuffer buffer = chunk.buffer().clear();
        buffer.limit((int) Math.min(buffer.capacity(), end - position));
        while (buffer.hasRemaining()) {
            int count = file.read(buffer, position);
            if (count < 0) {
                throw new EOFException("the file ended " + (end - position) + " bytes before the end of the region");
            }
            position += count;
        }
        buffer.flip();
    }

    /** Guarded by the queue. Takes the buffer back from a read, filled or not. */
    void endReading(FileChunk chunk, boolean filled) {
        reading = false;
        if (filled) {
            ready = chunk;
        } else {
            recycle(chunk);
        }
    }

    /** Guarded by the queue. Takes back a buffer that has been written. */
    void recycle(FileChunk chunk) {
        chunk.next = free;
        free = chunk;
    }

    /** Gives back the buffers and closes the file. Nothing of this source may be in the queue or under way. */
    @Override
    public void release() {
        for (Chunk chunk = free; chunk != null; chunk = chunk.next) {
            chunk.release();
        }
        if (ready != null) {
            ready.release();
        }
        try {
            file.close();
        } catch (IOException e) {
            log.debug("close failed; cause={}", e.toString());
        }
    }

    /** A buffer of a file's that goes back to it after it has been written. */
    static final class FileChunk extends Chunk {
        private final FileSource source;
        private final PooledBuffer buffer;

        FileChunk(FileSource source, PooledBuffer buffer, @Nullable FileChunk next) {
            this.source = source;
            this.buffer = buffer;
            this.next = next;
            this.sealed = true;
        }

        FileSource source() {
            return source;
        }

        @Override
        public ByteBuffer buffer() {
            return buffer.buffer();
        }

        @Override
        public void release() {
            buffer.release();
        }
    }
}

package io.millrace.core.internal.send;

import io.millrace.core.NotSentException;
import io.millrace.core.engine.LogLimiter;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.Chunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes what is sent from where it is. */
public final class Bodies {
    private static final Logger log = LoggerFactory.getLogger(Bodies.class);

    private static final LogLimiter throwsLogged = new LogLimiter(10, TimeUnit.MINUTES.toNanos(1));

    private Bodies() {}

    /**
     * Returns a transferred buffer.
     *
     * @param message the payload between position and limit
     * @param release gives it back
     * @param budget where its bytes are reserved, until it is given back
     * @return what to queue
     */
    public static Chunk of(ByteBuffer message, Runnable release, BufferPool budget) {
        ByteBuffer content = message.duplicate();
        int length = content.remaining();
        Runnable guarded = () -> {
            budget.unreserve(length);
            release(release);
        };
        return content.isDirect() ? new TransferredChunk(content, guarded) : new HeapSource(content, guarded);
    }

    /**
     * Gives a buffer back to the application.
     *
     * @param release what the application wants called; a throw is logged
     */
    public static void release(Runnable release) {
        try {
            release.run();
        } catch (Throwable thrown) {
            if (throwsLogged.allows()) {
                log.warn("release of a transferred buffer threw", thrown);
            }
        }
    }

    /**
     * Opens a region of a file.
     *
     * @param file which
     * @param offset index of the first byte
     * @param length how many bytes
     * @param buffers where to lease what reading needs
     * @return what to queue, or to release
     * @throws IOException if the file cannot be opened, or the pool has no memory left
     * @throws IllegalArgumentException if the region is not in the file
     */
    public static FileSource ofFile(Path file, long offset, long length, BufferPool buffers) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        FileSource source = null;
        try {
            requireRegion(file, channel.size(), offset, length);
            source = FileSource.tryOpen(channel, offset, length, buffers);
        } finally {
            if (source == null) {
                channel.close();
            }
        }
        if (source == null) {
            throw new NotSentException("not sent: no buffer memory left in the group to read " + file
                    + " into: raise its bufferMemory, now " + buffers.stats().limitBytes() + " bytes");
        }
        return source;
    }

    private static void requireRegion(Path file, long size, long offset, long length) {
        if (offset < 0 || length < 0 || offset > size - length) {
            throw new IllegalArgumentException("the region of " + length + " bytes at " + offset + " is not in " + file
                    + ", which has " + size + " bytes");
        }
    }
}

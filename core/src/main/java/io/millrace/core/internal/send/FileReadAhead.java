package io.millrace.core.internal.send;

import io.millrace.core.engine.IoRuntime;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Reads the files of a queue ahead of their turn, a part at a time, on threads where that may take its time. */
final class FileReadAhead {
    /** Who writes what has been read. */
    interface Reader {
        /** Returns whether nothing will be written any more. Guarded by the queue. */
        boolean isStopped();

        /** Hears that a part has been read, or why not. */
        void readEnded(@Nullable Throwable cause);
    }

    private final IoRuntime runtime;
    private final SendQueue queue;
    private final Reader reader;

    // Guarded by the queue.
    private boolean reading;

    FileReadAhead(IoRuntime runtime, SendQueue queue, Reader reader) {
        this.runtime = runtime;
        this.queue = queue;
        this.reader = reader;
    }

    /** Returns whether a read is under way. Guarded by the queue. */
    boolean isReading() {
        return reading;
    }

    /** Starts to read the next part of the first file, if there is a buffer for it and no read is under way. */
    void goOn() {
        FileSource file;
        FileSource.FileChunk part;
        synchronized (queue) {
            file = reading || reader.isStopped() ? null : queue.fileToRead();
            if (file == null) {
                return;
            }
            reading = true;
            part = file.beginReading();
        }
        try {
            runtime.executeBlocking(() -> read(file, part));
        } catch (RuntimeException ended) {
            end(file, part, ended);
        }
    }

    private void read(FileSource file, FileSource.FileChunk part) {
        Throwable cause = null;
        try {
            file.read(part);
        } catch (IOException | RuntimeException | Error e) {
            cause = e;
        }
        end(file, part, cause);
    }

    private void end(FileSource file, FileSource.FileChunk part, @Nullable Throwable cause) {
        synchronized (queue) {
            reading = false;
            file.endReading(part, cause == null);
        }
        reader.readEnded(cause);
    }
}

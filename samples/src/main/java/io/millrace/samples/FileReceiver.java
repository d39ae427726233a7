package io.millrace.samples;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;

/**
 * The end that wants the file: on each connection it asks for what it does not have yet, and appends what comes. Writing
 * a file blocks, so it needs an executor for its callbacks.
 *
 * <p>Threading: for one session after the other. What tells of the progress is thread-safe.
 */
final class FileReceiver implements MessageHandler, AutoCloseable {
    private static final double MIB = 1 << 20;

    private final FileChannel file;
    // Confined to the session.
    private final byte[] sha256 = new byte[FileSender.SHA256_BYTES];
    // Written by the session, read by whoever shows the progress.
    private volatile long received;
    private volatile long size = -1;

    /** Opens the file, or makes it; what is in it already counts as received. */
    FileReceiver(Path path) throws IOException {
        file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        received = file.size();
    }

    @Override
    public void onOpen(Session session) throws IOException {
        received = file.size();
        session.send(ByteBuffer.allocate(Long.BYTES).putLong(0, received));
    }

    @Override
    public void onMessage(Session session, ByteBuffer piece) throws IOException {
        long end = received;
        if (piece.remaining() < FileSender.HEADER_BYTES || piece.getLong() != end) {
            throw new MalformedFrameException("that is no piece of the file at byte " + end);
        }
        size = piece.getLong();
        piece.get(sha256);
        while (piece.hasRemaining()) {
            end += file.write(piece);
        }
        received = end;
        if (isComplete()) {
            session.close();
        }
    }

    boolean isComplete() {
        return received == size;
    }

    /** Returns whether these are the bytes that the sender has; once the session that brought the last has ended. */
    boolean isExpected(byte[] digest) {
        return Arrays.equals(sha256, digest);
    }

    long received() {
        return received;
    }

    long percent() {
        return size <= 0 ? 0 : received * 100 / size;
    }

    String note() {
        return String.format(Locale.ROOT, "%,.1f of %,.1f MiB", received / MIB, Math.max(size, 0) / MIB);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}

package io.millrace.samples;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The end that has the file: a client says how much of it is there already, and gets the rest.
 *
 * <p>The rest goes in pieces, each a message of its own that says where its bytes belong. So a file of any length keeps
 * to the limits on one message: its length, and the time that it may take.
 *
 * <p>Threading: Thread-safe; one sender serves all sessions.
 */
final class FileSender implements MessageHandler {
    static final int SHA256_BYTES = 32;

    /** What is in front of the bytes of a piece: the offset of the first one, the file's length, its SHA-256. */
    static final int HEADER_BYTES = 2 * Long.BYTES + SHA256_BYTES;

    private static final int PIECE_BYTES = 256 << 10;
    private static final long NEVER = Long.MAX_VALUE;

    private final Path file;
    private final long size;
    private final byte[] sha256;
    /** Where to cut the connection, to see what becomes of the transfer. Atomic: only one connection is cut. */
    private final AtomicLong cutAt;

    /** Makes a sender that cuts a connection once, when so many percent of the file have been sent; 0 means never. */
    FileSender(Path file, int cutPercent) throws IOException {
        if (cutPercent < 0 || cutPercent > 100) {
            throw new IllegalArgumentException("--cut is " + cutPercent + "; it must be from 0 (never) to 100");
        }
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new IllegalArgumentException(file + " is not a file that can be read");
        }
        this.file = file;
        this.size = Files.size(file);
        this.sha256 = sha256(file);
        this.cutAt = new AtomicLong(cutPercent == 0 ? NEVER : size * cutPercent / 100);
    }

    /** Fills a file with random bytes. */
    static Path makeUp(Path path, int megabytes) throws IOException {
        byte[] block = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(path)) {
            for (int i = 0; i < megabytes; i++) {
                ThreadLocalRandom.current().nextBytes(block);
                out.write(block);
            }
        }
        return path;
    }

    static byte[] sha256(Path file) throws IOException {
        MessageDigest digest = SharedFile.newDigest();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return digest.digest();
    }

    @Override
    public void onMessage(Session session, ByteBuffer request) throws MalformedFrameException {
        long offset = request.remaining() == Long.BYTES ? request.getLong() : -1;
        if (offset < 0 || offset > size) {
            throw new MalformedFrameException("no offset from 0 to " + size + " was asked for");
        }
        sendFrom(session, offset);
    }

    /** Sends a piece, and the next one when it has been written: so one piece is queued, however slow the client is. */
    private void sendFrom(Session session, long offset) {
        long length = Math.min(PIECE_BYTES, size - offset);
        long end = offset + length;
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.putLong(offset).putLong(size).put(sha256).flip();
        CompletableFuture<Void> sent = session.sendFile(file, offset, length, header);
        long cut = cutAt.get();
        if (end > cut && cutAt.compareAndSet(cut, NEVER)) {
            session.abort();
        }
        sent.thenRun(() -> {
                    if (end < size) {
                        sendFrom(session, end);
                    }
                })
                .exceptionally(failure -> {
                    // The session has ended, or the file is not what it was: nothing more can come of this connection.
                    session.abort();
                    return null;
                });
    }
}

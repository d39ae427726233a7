package io.millrace.samples;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file that many connections send at once, none of them copying it.
 *
 * @param name the file's name
 * @param content the whole file, at least one byte, mapped into memory; only its slices are used
 * @param sha256 its digest, in hexadecimal
 */
record SharedFile(String name, ByteBuffer content, String sha256) {
    static SharedFile map(Path path) throws IOException {
        if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
            throw new IllegalArgumentException(path + " is not a file that can be read");
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            if (channel.size() < 1 || channel.size() > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        path + " has " + channel.size() + " bytes; it must have from 1 to " + Integer.MAX_VALUE);
            }
            ByteBuffer content = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            MessageDigest digest = newDigest();
            digest.update(content.duplicate());
            return new SharedFile(String.valueOf(path.getFileName()), content, finish(digest));
        }
    }

    int size() {
        return content.capacity();
    }

    /** Returns the digest in hexadecimal; the next one starts afresh. */
    static String finish(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

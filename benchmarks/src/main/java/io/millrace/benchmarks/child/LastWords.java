package io.millrace.benchmarks.child;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * The last lines that a child wrote to standard error, without stack frames: why it ended, if it did so early.
 *
 * <p><b>Threading:</b> thread-safe.
 */
final class LastWords {
    private static final int LINES = 6;
    private static final long PATIENCE_MILLIS = 1_000;

    private final BufferedReader errors;
    private final Thread listener;

    // Guarded by this.
    private final Deque<String> lines = new ArrayDeque<>();

    private LastWords(BufferedReader errors) {
        this.errors = errors;
        listener = new Thread(this::listen, "last words of a child");
        listener.setDaemon(true);
    }

    static LastWords of(BufferedReader errors) {
        LastWords words = new LastWords(errors);
        words.listener.start();
        return words;
    }

    /** Returns what it said so far, on one line. */
    synchronized String text() {
        return String.join("; ", lines);
    }

    /** Returns all that it said, once it has ended. */
    String textAtEnd() {
        try {
            TimeUnit.MILLISECONDS.timedJoin(listener, PATIENCE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return text();
    }

    private void listen() {
        try {
            for (String line = errors.readLine(); line != null; line = errors.readLine()) {
                hear(line);
            }
        } catch (IOException e) {
            hear("its standard error broke: " + e);
        }
    }

    private synchronized void hear(String line) {
        boolean isFrame = line.startsWith("\t") || line.isBlank();
        if (!isFrame) {
            lines.addLast(line.strip());
            if (lines.size() > LINES) {
                lines.removeFirst();
            }
        }
    }
}

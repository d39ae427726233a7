package io.millrace.testing;

import io.millrace.core.CloseReason;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A handler that records what each session tells it, then passes it on to another handler.
 *
 * <p>Threading: Thread-safe.
 */
public final class RecordingHandler implements MessageHandler {
    private final MessageHandler next;
    private final ConcurrentHashMap<Long, Recording> recordings = new ConcurrentHashMap<>();

    /**
     * Makes a handler without recordings.
     *
     * @param next the handler that does the work
     */
    public RecordingHandler(MessageHandler next) {
        this.next = next;
    }

    /**
     * Returns the recording of a session.
     *
     * @param session the session, also one that has not opened yet or has ended
     * @return its recording
     */
    public Recording of(Session session) {
        return recordings.computeIfAbsent(session.id(), id -> new Recording());
    }

    /**
     * Returns all recordings.
     *
     * @return one per session that was ever seen
     */
    public Collection<Recording> all() {
        return List.copyOf(recordings.values());
    }

    @Override
    public void onOpen(Session session) throws Exception {
        Recording recording = of(session);
        recording.beginCallback("onOpen");
        try {
            recording.opened();
            next.onOpen(session);
        } finally {
            recording.endCallback();
        }
    }

    /** Hears that a session has opened, as a listener that cannot throw. */
    void opened(Session session) {
        try {
            onOpen(session);
        } catch (Exception e) {
            throw new IllegalStateException("onOpen threw", e);
        }
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) throws Exception {
        Recording recording = of(session);
        recording.beginCallback("onMessage");
        try {
            recording.message(message);
            next.onMessage(session, message);
        } finally {
            recording.endCallback();
        }
    }

    @Override
    public void onWritable(Session session) throws Exception {
        Recording recording = of(session);
        recording.beginCallback("onWritable");
        try {
            next.onWritable(session);
        } finally {
            recording.endCallback();
        }
    }

    @Override
    public void onInputEnd(Session session) throws Exception {
        Recording recording = of(session);
        recording.beginCallback("onInputEnd");
        try {
            next.onInputEnd(session);
        } finally {
            recording.endCallback();
        }
    }

    @Override
    public void onMalformed(Session session, MalformedFrameException cause) throws Exception {
        Recording recording = of(session);
        recording.beginCallback("onMalformed");
        try {
            next.onMalformed(session, cause);
        } finally {
            recording.endCallback();
        }
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        Recording recording = of(session);
        recording.beginCallback("onClose");
        try {
            next.onClose(session, reason);
        } finally {
            recording.closed(reason);
            recording.endCallback();
        }
    }
}

package io.millrace.samples.guide;

import io.millrace.core.MessageHandler;
import io.millrace.core.SendOverflowPolicy;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;

/** The code of backpressure.md. */
final class BackpressureGuide {
    private BackpressureGuide() {}

    /** Sends rows to one session as fast as its peer reads them. Confined to that session. */
    static final class RowSender implements MessageHandler {
        private final Queue<ByteBuffer> rows;

        RowSender(List<ByteBuffer> rows) {
            this.rows = new ArrayDeque<>(rows);
        }

        @Override
        public void onOpen(Session session) {
            sendWhatFits(session);
        }

        @Override
        public void onWritable(Session session) {
            sendWhatFits(session);
        }

        private void sendWhatFits(Session session) {
            SendResult result = SendResult.ACCEPTED;
            while (result == SendResult.ACCEPTED && !rows.isEmpty()) {
                result = session.send(rows.element());
                if (result.isAccepted()) {
                    rows.remove();
                }
            }
        }

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            // Nothing is expected of this peer.
        }
    }

    /** Passes messages on to the session that is attached, and reads no faster than that one's peer does. */
    static final class Relay implements MessageHandler {
        @Override
        public void onMessage(Session session, ByteBuffer message) {
            SendResult result = other(session).transfer(message);
            if (result == SendResult.CONGESTED) {
                session.pauseReadingUntilWritable(other(session));
            } else if (!result.isAccepted()) {
                session.abort();
            }
        }

        private static Session other(Session session) {
            return (Session) Objects.requireNonNull(session.attachment(), "attachment");
        }
    }

    /** Sends from a thread that may wait. */
    static void sendAll(Session session, List<ByteBuffer> rows) throws TransportException {
        for (ByteBuffer row : rows) {
            session.sendAndWait(row, Duration.ofSeconds(10));
        }
    }

    /** A short queue, for many peers that get little. */
    static SessionConfig shortQueues() {
        SessionConfig sessions = SessionConfig.builder()
                .sendMarks(16 << 10, 64 << 10)
                .sendLimit(256 << 10)
                .sendOverflow(SendOverflowPolicy.REFUSE)
                .writeProgressTimeout(Duration.ofSeconds(10))
                .minWriteProgressBytes(1_024)
                .build();
        return sessions;
    }
}

package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.PartHandler;
import io.millrace.core.RequestHandler;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What all sessions of a server or client have in common.
 *
 * @param side which end of the connection they are
 * @param protocol how messages are framed and paired
 * @param config how the sessions behave
 * @param onOpen called when a session has opened, or null
 * @param onMessage called for messages, or null
 * @param onRequest called for requests, or null
 * @param onPart called for parts of messages, instead of onMessage, or null
 * @param onClose called when a session has ended, or null
 * @param executor what runs the callbacks, or null for the I/O threads
 */
public record SessionSetup(
        Side side,
        Protocol protocol,
        SessionConfig config,
        @Nullable Consumer<Session> onOpen,
        @Nullable MessageHandler onMessage,
        @Nullable RequestHandler onRequest,
        @Nullable PartHandler onPart,
        @Nullable BiConsumer<Session, CloseReason> onClose,
        @Nullable Executor executor) {

    /** Checks that each kind of frame has one taker at most. */
    public SessionSetup {
        if (onMessage != null && onPart != null) {
            throw new IllegalArgumentException(
                    "onMessage and onPart are both set, but a message is delivered whole or in parts: set one of them");
        }
        if ((onMessage != null || onPart != null) && onRequest != null && protocol.pairing() != Pairing.BY_TOKEN) {
            throw new IllegalArgumentException((onMessage != null ? "onMessage" : "onPart")
                    + " and onRequest are both set, but " + protocol
                    + " does not tell requests from messages: set one of them, or use Protocol.millrace()");
        }
        if (onRequest != null && protocol.pairing() == Pairing.NONE) {
            throw new IllegalArgumentException(
                    "onRequest is set, but " + protocol + " has no frames, so a request has no end: set onMessage");
        }
    }

    /**
     * Makes a setup whose callbacks run on the I/O threads, for messages in one piece.
     *
     * @param side which end of the connection they are
     * @param protocol how messages are framed and paired
     * @param config how the sessions behave
     * @param onOpen called when a session has opened, or null
     * @param onMessage called for messages, or null
     * @param onRequest called for requests, or null
     * @param onClose called when a session has ended, or null
     */
    public SessionSetup(
            Side side,
            Protocol protocol,
            SessionConfig config,
            @Nullable Consumer<Session> onOpen,
            @Nullable MessageHandler onMessage,
            @Nullable RequestHandler onRequest,
            @Nullable BiConsumer<Session, CloseReason> onClose) {
        this(side, protocol, config, onOpen, onMessage, onRequest, null, onClose, null);
    }

    /**
     * Returns the setup of a session that speaks another protocol from now on.
     *
     * @param newProtocol the protocol
     * @param newHandler what takes its messages, and hears of the end of the session, too
     * @return a setup that differs in these
     */
    SessionSetup upgraded(Protocol newProtocol, MessageHandler newHandler) {
        return new SessionSetup(side, newProtocol, config, onOpen, newHandler, null, null, onClose, executor);
    }

    /**
     * Returns whether these sessions can ask their peers: always if replies have tokens, and otherwise if what comes
     * in can only be replies.
     *
     * @return true if requests can be sent
     */
    public boolean asks() {
        return switch (protocol.pairing()) {
            case NONE -> false;
            case IN_ORDER, ONE_AT_A_TIME -> onMessage == null && onRequest == null && onPart == null;
            case BY_TOKEN -> true;
        };
    }

    /**
     * Tells the application that a session has opened.
     *
     * @param session the session
     * @throws Exception what the application throws
     */
    void opened(Session session) throws Exception {
        if (onMessage != null) {
            onMessage.onOpen(session);
        }
        if (onOpen != null) {
            onOpen.accept(session);
        }
    }

    /**
     * Tells the application that a session's queue is short again.
     *
     * @param session the session
     * @throws Exception what the application throws
     */
    void writable(Session session) throws Exception {
        if (onMessage != null) {
            onMessage.onWritable(session);
        }
    }

    /**
     * Tells the application that the peer has nothing more to say.
     *
     * @param session the session
     * @throws Exception what the application throws
     */
    void inputEnded(Session session) throws Exception {
        if (onMessage != null) {
            onMessage.onInputEnd(session);
        }
    }

    /**
     * Tells the application that the peer has broken the protocol.
     *
     * @param session the session, still open for an answer
     * @param cause what is wrong
     * @throws Exception what the application throws
     */
    void malformed(Session session, MalformedFrameException cause) throws Exception {
        if (onMessage != null) {
            onMessage.onMalformed(session, cause);
        }
    }

    /**
     * Tells the application that a session has ended.
     *
     * @param session the session
     * @param reason why
     */
    void closed(Session session, CloseReason reason) {
        try {
            if (onClose != null) {
                onClose.accept(session, reason);
            }
        } finally {
            if (onMessage != null) {
                onMessage.onClose(session, reason);
            }
        }
    }
}

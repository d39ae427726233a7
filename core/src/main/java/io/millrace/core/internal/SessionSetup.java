package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.RequestHandler;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.SessionHandlers;
import io.millrace.core.internal.answer.ServedRequests;
import io.millrace.core.internal.answer.ServedRequests.Limits;
import io.millrace.core.protocol.Heartbeat;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What all sessions of a server or client have in common.
 *
 * @param side which end of the connection they are
 * @param protocol how messages are framed and paired
 * @param config how the sessions behave
 * @param handlers what the application does with them
 * @param served how they answer requests; null if they take none
 */
public record SessionSetup(
        Side side, Protocol protocol, SessionConfig config, SessionHandlers handlers, @Nullable ServedRequests served) {

    /** Checks that each kind of frame has one taker at most. */
    public SessionSetup {
        if (handlers.onMessage() != null && handlers.onPart() != null) {
            throw new IllegalArgumentException(
                    "onMessage and onPart are both set, but a message is delivered whole or in parts: set one of them");
        }
        if (handlers.takesMessages() && handlers.onRequest() != null && protocol.pairing() != Pairing.BY_TOKEN) {
            throw new IllegalArgumentException((handlers.onMessage() != null ? "onMessage" : "onPart")
                    + " and onRequest are both set, but " + protocol
                    + " does not tell requests from messages: set one of them, or use Protocol.millrace()");
        }
        if (config.heartbeat().isOn() && protocol.heartbeat() == Heartbeat.NONE) {
            throw new IllegalArgumentException("heartbeat is " + config.heartbeat() + ", but " + protocol
                    + " has no frame for it: set readIdleTimeout instead, or use Protocol.millrace()");
        }
        if (handlers.errorEncoder() != null && handlers.onRequest() == null) {
            throw new IllegalArgumentException(
                    "errorEncoder is set, but onRequest is not, so there are no errors to tell: set onRequest too");
        }
        if (handlers.errorEncoder() != null && protocol.pairing() == Pairing.BY_TOKEN) {
            throw new IllegalArgumentException("errorEncoder is set, but " + protocol
                    + " has error replies of its own: leave it out, and fail requests with Reply.fail");
        }
        if (handlers.onRequest() != null && protocol.pairing() == Pairing.NONE) {
            throw new IllegalArgumentException(
                    "onRequest is set, but " + protocol + " has no frames, so a request has no end: set onMessage");
        }
    }

    /**
     * Puts together what sessions have in common, and has their requests served.
     *
     * @param side which end of the connection they are
     * @param protocol how messages are framed and paired
     * @param config how the sessions behave
     * @param handlers what the application does with them
     * @param requestsInAll how many requests may be in progress in all sessions together; 0 for no limit
     */
    public SessionSetup(
            Side side, Protocol protocol, SessionConfig config, SessionHandlers handlers, int requestsInAll) {
        this(side, protocol, config, handlers, served(protocol, config, handlers, requestsInAll));
    }

    private static @Nullable ServedRequests served(
            Protocol protocol, SessionConfig config, SessionHandlers handlers, int requestsInAll) {
        RequestHandler handler = handlers.onRequest();
        boolean byToken = protocol.pairing() == Pairing.BY_TOKEN;
        Limits limits = new Limits(config.requestsInProgress(), config.sendHighMark(), requestsInAll);
        return handler == null ? null : new ServedRequests(handler, handlers.errorEncoder(), byToken, limits);
    }

    /**
     * Returns the setup of a session that speaks another protocol from now on.
     *
     * @param newProtocol the protocol
     * @param newHandler what takes its messages, and hears of the end of the session, too
     * @return a setup that differs in these
     */
    SessionSetup upgraded(Protocol newProtocol, MessageHandler newHandler) {
        SessionHandlers upgraded = new SessionHandlers(
                handlers.onOpen(),
                newHandler,
                null,
                null,
                handlers.onClose(),
                null,
                handlers.executor(),
                handlers.signals());
        return new SessionSetup(side, newProtocol, config, upgraded, null);
    }

    /**
     * Returns the setup of sessions that belong to these, but whose frames are found in another way.
     *
     * @param framing a protocol that differs in its decoder only
     * @return a setup that shares everything else
     */
    public SessionSetup framedBy(Protocol framing) {
        return new SessionSetup(side, framing, config, handlers, served);
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
            case IN_ORDER, ONE_AT_A_TIME -> !handlers.takesMessages() && handlers.onRequest() == null;
            case BY_TOKEN -> true;
        };
    }

    /**
     * Returns whether empty messages from the peer are heartbeats, and not for the application.
     *
     * @return true if they have no frame of their own, and the peer may send them
     */
    boolean takesEmptyHeartbeats() {
        return switch (protocol.heartbeat()) {
            case NONE, PING -> false;
            case EMPTY_MESSAGE -> config.heartbeat().isOn();
            case EMPTY_REQUEST -> side == Side.SERVER;
        };
    }

    /** Returns whether this side sends heartbeats while they are on. */
    boolean sendsHeartbeats() {
        return protocol.heartbeat() != Heartbeat.EMPTY_REQUEST || side == Side.CLIENT;
    }

    /** Returns whether a peer that is alive can be told from one that is gone by what it sends while heartbeats are on. */
    boolean judgesSilence() {
        return protocol.heartbeat() != Heartbeat.EMPTY_REQUEST || side == Side.SERVER;
    }

    /**
     * Refuses a payload of the application's that the peer would drop as a heartbeat: a message, a request or a reply.
     *
     * @param payloadLength its length in bytes
     * @throws IllegalArgumentException if it is empty, and empty messages are heartbeats
     */
    public void requireNoHeartbeat(long payloadLength) {
        if (payloadLength > 0) {
            return;
        }
        boolean always = protocol.heartbeat() == Heartbeat.EMPTY_REQUEST && side == Side.CLIENT;
        if (always || (config.heartbeat().isOn() && protocol.heartbeat() == Heartbeat.EMPTY_MESSAGE)) {
            throw new IllegalArgumentException("an empty message would be taken for a heartbeat: send at least one"
                    + " byte, " + (always ? "make " + protocol + " one without heartbeats" : "turn heartbeats off")
                    + ", or use Protocol.millrace()");
        }
    }

    /**
     * Tells the application that a session has opened.
     *
     * @param session the session
     * @throws Exception what the application throws
     */
    void opened(Session session) throws Exception {
        MessageHandler onMessage = handlers.onMessage();
        if (onMessage != null) {
            onMessage.onOpen(session);
        }
        Consumer<Session> onOpen = handlers.onOpen();
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
        MessageHandler onMessage = handlers.onMessage();
        if (onMessage != null) {
            onMessage.onWritable(session);
        }
        Consumer<Session> listener = handlers.signals().onWritable();
        if (listener != null) {
            listener.accept(session);
        }
    }

    /**
     * Tells the application that the peer has nothing more to say.
     *
     * @param session the session
     * @throws Exception what the application throws
     */
    void inputEnded(Session session) throws Exception {
        MessageHandler onMessage = handlers.onMessage();
        if (onMessage != null) {
            onMessage.onInputEnd(session);
        }
        Consumer<Session> listener = handlers.signals().onInputEnd();
        if (listener != null) {
            listener.accept(session);
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
        MessageHandler onMessage = handlers.onMessage();
        if (onMessage != null) {
            onMessage.onMalformed(session, cause);
        }
        BiConsumer<Session, MalformedFrameException> listener =
                handlers.signals().onMalformed();
        if (listener != null) {
            listener.accept(session, cause);
        }
    }

    /**
     * Tells the application that a session has ended.
     *
     * @param session the session
     * @param reason why
     */
    void closed(Session session, CloseReason reason) {
        MessageHandler onMessage = handlers.onMessage();
        BiConsumer<Session, CloseReason> onClose = handlers.onClose();
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

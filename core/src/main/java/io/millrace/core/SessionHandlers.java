package io.millrace.core;

import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What an application does with the sessions of a server or client. Immutable. Made by their builders.
 *
 * @param onOpen called when a session has opened, or null
 * @param onMessage called for messages, or null
 * @param onRequest called for requests, or null
 * @param onPart called for parts of messages, instead of onMessage, or null
 * @param onClose called when a session has ended, or null
 * @param errorEncoder makes replies of errors where the protocol has none, or null to close instead
 * @param executor what runs the callbacks, or null for the I/O threads
 * @param signals called for what happens in between
 */
public record SessionHandlers(
        @Nullable Consumer<Session> onOpen,
        @Nullable MessageHandler onMessage,
        @Nullable RequestHandler onRequest,
        @Nullable PartHandler onPart,
        @Nullable BiConsumer<Session, CloseReason> onClose,
        @Nullable ErrorEncoder errorEncoder,
        @Nullable Executor executor,
        Signals signals) {

    /**
     * What an application hears between the opening and the end of a session, besides what comes in. Immutable.
     *
     * @param onWritable called when there is room again, or null
     * @param onInputEnd called when nothing more will come, or null
     * @param onMalformed called when the peer has broken the protocol, or null
     */
    public record Signals(
            @Nullable Consumer<Session> onWritable,
            @Nullable Consumer<Session> onInputEnd,
            @Nullable BiConsumer<Session, MalformedFrameException> onMalformed) {
        /** Nobody listens. */
        public static final Signals NONE = new Signals(null, null, null);
    }

    /**
     * Tells what an application does that hears nothing in between.
     *
     * @param onOpen called when a session has opened, or null
     * @param onMessage called for messages, or null
     * @param onRequest called for requests, or null
     * @param onPart called for parts of messages, instead of onMessage, or null
     * @param onClose called when a session has ended, or null
     * @param errorEncoder makes replies of errors where the protocol has none, or null to close instead
     * @param executor what runs the callbacks, or null for the I/O threads
     */
    public SessionHandlers(
            @Nullable Consumer<Session> onOpen,
            @Nullable MessageHandler onMessage,
            @Nullable RequestHandler onRequest,
            @Nullable PartHandler onPart,
            @Nullable BiConsumer<Session, CloseReason> onClose,
            @Nullable ErrorEncoder errorEncoder,
            @Nullable Executor executor) {
        this(onOpen, onMessage, onRequest, onPart, onClose, errorEncoder, executor, Signals.NONE);
    }

    /** {@return whether there is anybody to take messages} */
    public boolean takesMessages() {
        return onMessage != null || onPart != null;
    }
}

package io.millrace.core;

import io.millrace.core.config.Ranges;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What servers and clients are built with in common: what to do with their sessions, and how these behave.
 *
 * <p>Threading: Not thread-safe.
 *
 * <p>Lifecycle: made by the {@code builder()} of a server or client, and used for one or more of them.
 *
 * <p>Errors: values are checked when the server or client is made, all together.
 *
 * @param <B> the builder itself
 */
public abstract class SessionBuilder<B extends SessionBuilder<B>> {
    /** The default time that a close gives sessions to finish what is in flight and send what is queued: 5 s. */
    public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(5);

    private @Nullable IoGroup group;
    private @Nullable Integer threads;
    private @Nullable MessageHandler onMessage;
    private @Nullable RequestHandler onRequest;
    private @Nullable PartHandler onPart;
    private @Nullable ErrorEncoder errorEncoder;
    private @Nullable Executor executor;
    private @Nullable Consumer<Session> onOpen;
    private @Nullable BiConsumer<Session, CloseReason> onClose;
    private @Nullable Consumer<Session> onWritable;
    private @Nullable Consumer<Session> onInputEnd;
    private @Nullable BiConsumer<Session, MalformedFrameException> onMalformed;
    private SessionConfig sessionConfig = SessionConfig.defaults();
    private Duration drainTimeout = DEFAULT_DRAIN_TIMEOUT;
    private boolean jmx = true;

    /** Makes a builder with all defaults. */
    protected SessionBuilder() {}

    /** {@return this, as what it is} */
    protected abstract B self();

    /**
     * Sets what to do with messages: a lambda, or a handler that also hears of open and close. Where the protocol does
     * not tell messages from replies, this turns requests off.
     *
     * @param handler called on I/O threads, where it must not block, or as {@link #handlerExecutor} says
     * @return this
     */
    public B onMessage(MessageHandler handler) {
        this.onMessage = Objects.requireNonNull(handler, "handler");
        return self();
    }

    /**
     * Sets what to do with messages that a codec decodes.
     *
     * @param codec what makes objects of payloads, such as {@link Codec#utf8()}
     * @param handler called, as other handlers of messages, with what the codec made
     * @param <M> what messages are to the application
     * @return this
     */
    public <M> B onMessage(Codec<M> codec, TypedHandler<? super M> handler) {
        return onMessage(new TypedMessages<>(codec, handler));
    }

    /**
     * Sets what to do with messages that are taken in parts, as they arrive, instead of whole.
     *
     * @param handler called as {@code onMessage} is; the two exclude each other
     * @return this
     */
    public B onPart(PartHandler handler) {
        this.onPart = Objects.requireNonNull(handler, "handler");
        return self();
    }

    /**
     * Sets how to answer requests of the peers'. Where the protocol does not tell requests from messages, every message
     * is a request then, and {@code onMessage} cannot be set too.
     *
     * @param handler called on I/O threads, where it must not block but may answer later, or as
     *     {@link #handlerExecutor} says
     * @return this
     */
    public B onRequest(RequestHandler handler) {
        this.onRequest = Objects.requireNonNull(handler, "handler");
        return self();
    }

    /**
     * Sets how to answer requests of the peers' in the shortest way: bytes in, bytes out, before the next request of the
     * same session. It takes the place of {@link #onRequest}. A throw is answered as an error.
     *
     * @param processor computes replies; called on I/O threads, where it must not block, or as
     *     {@link #handlerExecutor} says. It is given a copy of the request, and what it returns is not changed
     * @return this
     */
    public B processor(UnaryOperator<byte[]> processor) {
        Objects.requireNonNull(processor, "processor");
        return onRequest((session, request, reply) -> {
            byte[] payload = new byte[request.remaining()];
            request.get(payload);
            byte[] answer = processor.apply(payload);
            reply.send(Objects.requireNonNull(answer, "the processor returned null instead of a reply"));
        });
    }

    /**
     * Sets how to tell peers that a request failed, where the protocol has no error replies of its own. Without it such
     * a session closes, after the replies to earlier requests: the peer would take anything else for an answer. A
     * protocol with error replies, such as {@code Protocol.millrace()}, does not ask it.
     *
     * @param encoder makes the payload that is sent as the reply
     * @return this
     */
    public B errorEncoder(ErrorEncoder encoder) {
        this.errorEncoder = Objects.requireNonNull(encoder, "encoder");
        return self();
    }

    /**
     * Sets what to do when a session opens, before its first message and after {@link MessageHandler#onOpen} of the
     * handler, if that has one.
     *
     * @param listener called as handlers are; a throw closes the session
     * @return this
     */
    public B onOpen(Consumer<Session> listener) {
        this.onOpen = Objects.requireNonNull(listener, "listener");
        return self();
    }

    /**
     * Sets what to do when a session has ended, before {@link MessageHandler#onClose} of the handler, if that has one,
     * and after everything else.
     *
     * @param listener called as handlers are; a throw is logged
     * @return this
     */
    public B onClose(BiConsumer<Session, CloseReason> listener) {
        this.onClose = Objects.requireNonNull(listener, "listener");
        return self();
    }

    /**
     * Sets what to do when a session's queue is short again, after {@link MessageHandler#onWritable} of the handler, if
     * that has one. This is how a source beside {@link #onRequest}, {@link #onPart} or a codec hears of it.
     *
     * @param listener called as handlers are; a throw closes the session
     * @return this
     */
    public B onWritable(Consumer<Session> listener) {
        this.onWritable = Objects.requireNonNull(listener, "listener");
        return self();
    }

    /**
     * Sets what to do when a peer has closed its side, with {@link SessionConfig#halfClose()}, after
     * {@link MessageHandler#onInputEnd} of the handler, if that has one.
     *
     * @param listener called as handlers are; a throw closes the session
     * @return this
     */
    public B onInputEnd(Consumer<Session> listener) {
        this.onInputEnd = Objects.requireNonNull(listener, "listener");
        return self();
    }

    /**
     * Sets what to do when a peer has broken the protocol, just before the session closes for that, after
     * {@link MessageHandler#onMalformed} of the handler, if that has one. What is sent here is the last that the peer
     * gets.
     *
     * @param listener called as handlers are, with what is wrong; a throw is logged
     * @return this
     */
    public B onMalformed(BiConsumer<Session, MalformedFrameException> listener) {
        this.onMalformed = Objects.requireNonNull(listener, "listener");
        return self();
    }

    /**
     * Sets where handlers and listeners run, so that they may block: never two at a time for one session. A turn's
     * messages are handed over together; the session reads one buffer ahead and then waits. Replies to requests still
     * come on I/O threads.
     *
     * @param newExecutor a pool of threads, or one virtual thread per task on Java 21 and later; the I/O threads by
     *     default. It is not shut down here, and must outlive the sessions
     * @return this
     */
    public B handlerExecutor(Executor newExecutor) {
        this.executor = Objects.requireNonNull(newExecutor, "newExecutor");
        return self();
    }

    /**
     * Sets how sessions behave.
     *
     * @param config {@link SessionConfig#defaults()} by default
     * @return this
     */
    public B sessions(SessionConfig config) {
        this.sessionConfig = Objects.requireNonNull(config, "config");
        return self();
    }

    /**
     * Sets the group to work with. It is not closed with what is built.
     *
     * @param sharedGroup the group; one of its own by default
     * @return this
     */
    public B group(IoGroup sharedGroup) {
        this.group = Objects.requireNonNull(sharedGroup, "sharedGroup");
        return self();
    }

    /**
     * Sets the number of I/O threads of the own group, where none is shared. With one, no two callbacks of what is built
     * ever run at the same time.
     *
     * @param count from 1 to {@value IoGroup#MOST_THREADS}; the number of processors by default
     * @return this
     */
    public B threads(int count) {
        this.threads = count;
        return self();
    }

    /**
     * Sets how long a close lets sessions finish what is in flight and send what is queued.
     *
     * @param timeout more than zero; longer than a year counts as a year; {@link #DEFAULT_DRAIN_TIMEOUT} by default
     * @return this
     */
    public B drainTimeout(Duration timeout) {
        this.drainTimeout = Objects.requireNonNull(timeout, "timeout");
        return self();
    }

    /**
     * Sets whether JMX shows what is built: at once if the JVM has an MBean server by then, else a second after the
     * start, because starting one takes longer than all the rest.
     *
     * @param show true by default
     * @return this
     */
    public B jmx(boolean show) {
        this.jmx = show;
        return self();
    }

    /**
     * Reads the settings that servers and clients have in common: {@code threads}, {@code drainTimeout}, {@code jmx},
     * and the section {@code sessions}.
     *
     * @param in the section of a settings file
     */
    protected final void readCommon(SettingsReader in) {
        in.whole("threads", count -> {
            Ranges.require("threads", count, 1, IoGroup.MOST_THREADS, "threads");
            threads(count);
        });
        in.duration("drainTimeout", timeout -> {
            Ranges.positiveNanos("drainTimeout", timeout);
            drainTimeout(timeout);
        });
        in.flag("jmx", this::jmx);
        in.section(
                "sessions",
                section -> sessions(sessionConfig.toBuilder().settings(section).build()));
    }

    /** {@return what the application does with the sessions} */
    protected final SessionHandlers handlers() {
        SessionHandlers.Signals signals = new SessionHandlers.Signals(onWritable, onInputEnd, onMalformed);
        return new SessionHandlers(onOpen, onMessage, onRequest, onPart, onClose, errorEncoder, executor, signals);
    }

    /** {@return how sessions behave} */
    protected final SessionConfig sessionConfig() {
        return sessionConfig;
    }

    /** {@return how long a close may take, in nanoseconds} */
    protected final long drainNanos() {
        return Ranges.positiveNanos("drainTimeout", drainTimeout);
    }

    /** {@return whether JMX shows what is built} */
    protected final boolean isJmxOn() {
        return jmx;
    }

    /** {@return the group that is shared, or null if there is to be an own one} */
    protected final @Nullable IoGroup sharedGroup() {
        return group;
    }

    /** {@return whether the group belongs to what is built, and is closed with it} */
    protected final boolean ownsGroup() {
        return group == null;
    }

    /** {@return whether {@link #threads} was called, so that the group has to be an own one} */
    protected final boolean wantsOwnThreads() {
        return threads != null;
    }

    /**
     * Returns how many I/O threads an own group has.
     *
     * @return their number, checked
     * @throws IllegalArgumentException if it is out of range
     * @throws IllegalStateException if it is set, but the group is shared
     */
    protected final int ownThreads() {
        Integer count = threads;
        if (count == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        Ranges.require("threads", count, 1, IoGroup.MOST_THREADS, "threads");
        if (group != null) {
            throw new IllegalStateException("threads is " + count + ", but the group is shared and has its own: set it"
                    + " where the group is made, or do without group()");
        }
        return count;
    }

    /**
     * Returns the group to work with, started if it is an own one.
     *
     * @return the group
     * @throws TransportException if an own group cannot be started
     */
    protected final IoGroup startGroup() throws TransportException {
        int count = ownThreads();
        IoGroup shared = group;
        return shared != null ? shared : IoGroup.builder().threads(count).start();
    }
}

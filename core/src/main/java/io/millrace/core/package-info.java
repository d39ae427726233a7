/**
 * Groups, sessions and what an application does with them.
 *
 * <p><b>Threads.</b> An {@link io.millrace.core.IoGroup} owns a fixed pool of I/O threads; servers and clients share a
 * group or have their own. Callbacks run on those threads and must not block, unless an executor is given for them
 * ({@link io.millrace.core.SessionBuilder#handlerExecutor handlerExecutor}). Callbacks of one session never overlap, and
 * each happens-before the next; callbacks of different sessions run at the same time.
 *
 * <p><b>Order.</b> {@link io.millrace.core.MessageHandler#onOpen onOpen}, then
 * {@link io.millrace.core.MessageHandler#onMessage onMessage} for each message, then
 * {@link io.millrace.core.MessageHandler#onClose onClose}: once, last, whatever happens. Messages sent by one thread
 * keep their order, and messages never interleave.
 *
 * <p><b>Ownership.</b> A buffer passed to a callback is borrowed: valid until the callback returns. A buffer passed to
 * {@link io.millrace.core.Session#send send} is borrowed too: copied before the call returns. Only who
 * asks for {@link io.millrace.core.Session#transfer(java.nio.ByteBuffer, Runnable) transfer} gives a buffer away, and
 * hears when it may be used again.
 *
 * <p><b>Limits.</b> Frames, send queues, sessions and memory are bounded by default. What does not fit is refused with
 * an answer that says so; no thread waits.
 *
 * <p><b>Shutdown.</b> Everything that opens also closes: {@code close()} never throws, may be called from anywhere and
 * any number of times, sends what is queued within its deadline, and leaves no thread behind.
 */
@NullMarked
package io.millrace.core;

import org.jspecify.annotations.NullMarked;

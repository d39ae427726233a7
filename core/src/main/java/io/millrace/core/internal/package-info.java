/**
 * A session and its parts.
 *
 * <pre>
 *   TcpSession            what applications see; SessionSends: what they send; SessionRequests: what they ask
 *     SessionLoop         decides what happens next, one step at a time
 *     SessionInput        what comes in: reading, deadlines of the peer (SessionTimer, Heartbeats)
 *     SessionCallbacks    calls the application, in a step or in a HandlerLane
 *       Lifecycle         open, closing, closed, ended; the first reason
 *       ReceiveLoop       reads, finds frames: the only caller of read; Loan: lends large ones, to be sent on
 *       SendLoop          frames and queues what is sent; SendIntake: whether it may be
 *                         (GatheringIntake: many at once, without the lock)
 *         SendQueue       the chunks waiting
 *         ChannelWriter   writes them: the only caller of write
 *       FrameDispatch     brings frames to where they belong, by kind; FrameOutlet: what the peer is owed
 *         Responder       gives the peer's requests to the handler, sends the replies
 *         RequestTable    who waits for which reply: OrderedRequests, TokenRequests
 *         HandOver        hands frames over to the application's executor, a turn at a time
 *       WindDown          the way to the end in good order
 *   SessionSet            the live sessions of a server or client, and how to end them (AbortAll: at once)
 *   SessionSetup          what they have in common
 * </pre>
 */
@NullMarked
package io.millrace.core.internal;

import org.jspecify.annotations.NullMarked;

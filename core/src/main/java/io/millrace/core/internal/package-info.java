/**
 * A session and its parts.
 *
 * <pre>
 *   TcpSession            what applications see
 *     SessionLoop         decides what happens next, one step at a time
 *       Lifecycle         open, closing, closed, ended; the first reason
 *       ReceiveLoop       reads, finds frames: the only caller of read
 *       SendLoop          queues, writes: the only caller of write
 *         SendQueue       the bytes waiting
 *       FrameDispatch     brings frames to where they belong, by kind
 *         Responder       gives the peer's requests to the handler, sends the replies
 *         RequestTable    who waits for which reply: OrderedRequests, TokenRequests
 *   SessionSet            the live sessions of a server or client, and how to end them
 *   SessionSetup          what they have in common
 * </pre>
 */
@NullMarked
package io.millrace.core.internal;

import org.jspecify.annotations.NullMarked;

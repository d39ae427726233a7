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
 *       RequestTable      who waits for which reply
 * </pre>
 */
@NullMarked
package io.millrace.core.internal;

import org.jspecify.annotations.NullMarked;

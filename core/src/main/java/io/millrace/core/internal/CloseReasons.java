package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.MalformedFrameException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;

/** Puts into words, in one place, why sessions end. */
final class CloseReasons {
    private CloseReasons() {}

    /** The peer has sent the end of its stream, and so many bytes before it that are no whole frame. */
    static CloseReason peerFinished(boolean insideFrame, int cutBytes, int frameLength) {
        if (!insideFrame) {
            return CloseReason.of(Kind.PEER, "the peer closed the connection");
        }
        String whole = frameLength > 0 ? " of " + frameLength : "";
        return CloseReason.of(
                Kind.PROTOCOL, "the peer closed the connection inside a frame, after " + cutBytes + whole + " bytes");
    }

    /** What has arrived is no frame; the bytes are borrowed, and shown as far as they explain it. */
    static CloseReason malformed(MalformedFrameException cause, InetSocketAddress peer, ByteBuffer bytes) {
        String detail = cause.getMessage() + "; peer " + peer + "; " + FirstBytes.describe(bytes);
        return CloseReason.of(Kind.PROTOCOL, detail, cause);
    }

    /** The peer pings for no honest reason. */
    static CloseReason tooManyPings(int perSecond) {
        return CloseReason.of(
                Kind.PROTOCOL,
                "the peer pings too often: far more than " + perSecond
                        + " times a second; if it has reason to, raise maxPingsPerSecond");
    }

    static CloseReason decoderFailed(Throwable cause) {
        return CloseReason.of(Kind.PROTOCOL, "the protocol's decoder failed with " + cause, cause);
    }

    static CloseReason unexpectedReply() {
        return CloseReason.of(Kind.PROTOCOL, "a reply came that nobody asked for");
    }

    /** A session takes so many requests and no more. */
    static CloseReason enoughRequests(int limit) {
        return CloseReason.of(Kind.LOCAL, "it has taken as many requests as requestLimit allows, " + limit);
    }

    /** A session has lived as long as it may. */
    static CloseReason tooOld(Duration maxAge) {
        return CloseReason.of(Kind.LOCAL, "it has reached its maximum age, " + maxAge.toMillis() + " ms");
    }

    static CloseReason handlerThrew(String callback, Throwable cause) {
        return CloseReason.of(Kind.HANDLER, callback + " threw " + cause, cause);
    }

    /** An operation failed though nobody here has closed the channel. */
    static CloseReason broken(Throwable cause) {
        Kind kind = cause instanceof IOException ? Kind.RESET : Kind.IO;
        return CloseReason.of(kind, "the connection broke: " + cause.getMessage(), cause);
    }

    /** A blocking send has waited long enough, with half of the message on its way. */
    static CloseReason notWritten(long nanos) {
        return CloseReason.of(
                Kind.STALLED,
                "a message could not be written within "
                        + Duration.ofNanos(nanos).toMillis() + " ms, and a part of it was on its way");
    }

    /** A file that was being sent cannot be read; the peer cannot be told, for its frame has begun. */
    static CloseReason sourceFailed(Throwable cause) {
        return CloseReason.of(Kind.IO, "a file that was being sent could not be read: " + cause.getMessage(), cause);
    }

    /** The peer has finished, and its requests have not been answered for so long. */
    static CloseReason unanswered(long nanos) {
        return CloseReason.of(
                Kind.TIMEOUT,
                "the peer closed its side, and its requests were not answered within "
                        + Duration.ofNanos(nanos).toMillis() + " ms");
    }

    /** Something of ours is wrong. */
    static CloseReason internalError(Throwable cause) {
        return CloseReason.of(Kind.IO, "internal error: " + cause, cause);
    }

    static CloseReason stalled(Duration timeout, long queuedBytes) {
        return CloseReason.of(
                Kind.STALLED,
                "the peer has read nothing for " + timeout.toMillis() + " ms; " + queuedBytes
                        + " bytes are queued for it");
    }

    static CloseReason queueFull(long queuedBytes) {
        return CloseReason.of(
                Kind.STALLED, "the send queue is full: " + queuedBytes + " bytes are queued for the peer");
    }

    static CloseReason outOfMemory(Throwable cause) {
        return CloseReason.of(Kind.REJECTED, String.valueOf(cause.getMessage()), cause);
    }

    static CloseReason local(String detail) {
        return CloseReason.of(Kind.LOCAL, detail);
    }
}

package io.millrace.core.internal.send;

import io.millrace.core.SendResult;
import io.millrace.core.SessionConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Stage;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.Chunk;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Takes what a session sends: frames it, queues it as far as marks and memory allow, and sees to it that it leaves. */
public final class SendLoop extends GatheringIntake implements Turn.Flushable {
    /*
     *      send ---> SendIntake: may it be queued? ---> SendQueue ---> ChannelWriter ---> channel
     *                                                    (one lock guards all three)
     *
     * Payloads are borrowed: they are copied, or refused, before a call returns.
     *
     * What is sent in a turn leaves when the turn ends, in one write; what is sent elsewhere leaves at once, or rides
     * along with the write that is in flight.
     *
     * A turn that sends many messages takes the lock for the first ones only (see Stage). So there are two ways to
     * send: tryGather(), without the lock; and, when that returns false, through the queue. Whatever goes through the
     * queue begins with putBack(), so that nothing overtakes what the same thread has sent before.
     */

    /**
     * Reserves what writing needs for as long as the session lives, or fails at once.
     *
     * @param channel where to write; nobody else does
     * @param encoder how messages are framed, until {@link #switchTo}
     * @param runtime the group
     * @param config marks, limits and deadlines
     * @param sender the session
     * @throws TransportException if the group has no operation context left
     */
    public SendLoop(
            AsynchronousSocketChannel channel,
            FrameEncoder encoder,
            IoRuntime runtime,
            SessionConfig config,
            Sender sender)
            throws TransportException {
        super(new ChannelWriter(channel, runtime, config, sender), encoder, sender);
    }

    /**
     * Queues a message; if it is accepted it leaves when this turn ends, or at once when there is no turn.
     *
     * @param payload borrowed: between position and limit, which do not change
     * @throws IllegalArgumentException if the frames cannot carry it
     */
    public SendResult send(ByteBuffer payload) {
        encoder().check(payload);
        Turn turn = Turn.current();
        return turn != null && tryGather(turn.stage(), FrameKind.MESSAGE, 0, payload)
                ? SendResult.ACCEPTED
                : send(turn, FrameKind.MESSAGE, payload, null);
    }

    /**
     * Queues a request that could not be gathered; otherwise as {@link #send(ByteBuffer)} does with a message.
     *
     * @param turn of this thread, or null
     * @param payload borrowed; has been checked
     * @param request what waits for the reply; hears that it is accepted before this returns
     */
    public SendResult request(@Nullable Turn turn, FrameKind kind, ByteBuffer payload, QueuedRequest request) {
        return send(turn, kind, payload, request);
    }

    private SendResult send(@Nullable Turn turn, FrameKind kind, ByteBuffer payload, @Nullable QueuedRequest request) {
        makeWay(turn);
        SendResult answer;
        boolean firstInTurn;
        boolean congests;
        synchronized (queue) {
            // Asked here, so that whoever stops the requests knows behind this lock which of them were in time.
            answer = request == null || sender().beginsRequests()
                    ? appendOrGather(turn, kind, request == null ? 0 : request.token(), payload, request)
                    : SendResult.CLOSED;
            firstInTurn = answer.isAccepted() && writer.touchBy(turn);
            congests = takeCongestion();
        }
        if (congests) {
            sender().sendQueueCongested();
        }
        if (answer.isAccepted()) {
            flushAfter(turn, firstInTurn);
        }
        return answer;
    }

    /**
     * Queues a message whose sender wants to know what becomes of it.
     *
     * @param marker whom to tell
     */
    public SendResult send(ByteBuffer payload, SentMarker marker) {
        encoder().check(payload);
        putBack();
        SendResult answer;
        synchronized (queue) {
            answer = admit(FrameKind.MESSAGE, payload.remaining());
            if (answer.isAccepted()) {
                boolean appended = queue.tryAppend(encoder(), FrameKind.MESSAGE, payload, marker, acceptedBytes());
                answer = appended ? accepted(marker.frameLength()) : refused();
            }
        }
        return tellAndFlush(answer);
    }

    /**
     * Queues a message of which all but the first bytes are sent from where they are.
     *
     * @param lead borrowed: the first bytes of the payload; may be empty
     * @param body the rest; transferred if it is accepted, otherwise still the caller's
     * @param bodyLength how many bytes the body has
     * @param marker whom to tell what becomes of it, or null
     */
    public SendResult send(ByteBuffer lead, Chunk body, long bodyLength, @Nullable SentMarker marker) {
        putBack();
        SendResult answer;
        synchronized (queue) {
            long before = queue.queuedBytes();
            answer = admit(FrameKind.MESSAGE, lead.remaining() + bodyLength);
            if (answer.isAccepted()) {
                boolean appended = queue.tryAppend(encoder(), FrameKind.MESSAGE, 0, lead, body, bodyLength);
                if (appended && marker != null) {
                    queue.append(marker, acceptedBytes());
                }
                if (appended && body instanceof FileSource) {
                    writer.expectFiles();
                }
                answer = appended ? accepted(queue.queuedBytes() - before) : refused();
            }
        }
        return tellAndFlush(answer);
    }

    private SendResult tellAndFlush(SendResult answer) {
        tellCongestion();
        if (answer.isAccepted()) {
            flushQueued();
        }
        return answer;
    }

    /**
     * Takes back a message of which nothing is on its way.
     *
     * @param marker its end
     * @return false if it is too late; otherwise nobody is told, for who calls this knows
     */
    public boolean tryRemove(SentMarker marker) {
        Chunk removed;
        boolean relieved;
        synchronized (queue) {
            removed = queue.tryRemove(marker);
            if (removed == null) {
                return false;
            }
            removed(marker.frameLength());
            relieved = writer.relieve();
        }
        for (Chunk chunk = removed; chunk != null && chunk != marker; ) {
            Chunk following = chunk.next;
            chunk.release();
            chunk = following;
        }
        if (relieved) {
            sender().sendQueueRelieved();
        }
        writer.finishIfDrained();
        return true;
    }

    /**
     * Queues a frame that has been checked; {@link #flushQueued()} must follow.
     *
     * @param token ignored where frames of this kind have none
     * @param payload borrowed: between position and limit, which do not change
     */
    public SendResult queue(FrameKind kind, long token, ByteBuffer payload) {
        Turn turn = Turn.current();
        // Only a reply with a token may be overtaken by those of other threads.
        boolean gathers = kind == FrameKind.REPLY;
        if (turn != null && gathers && tryGather(turn.stage(), kind, token, payload)) {
            return SendResult.ACCEPTED;
        }
        makeWay(turn);
        SendResult answer;
        synchronized (queue) {
            answer = appendOrGather(gathers ? turn : null, kind, token, payload, null);
        }
        tellCongestion();
        return answer;
    }

    /**
     * Queues a message that other sessions get too; {@link #flushQueued()} or {@link #flush()} must follow.
     *
     * @throws IllegalArgumentException if these frames cannot carry it, though those of other sessions may
     */
    public SendResult queue(SharedMessage message) {
        putBack();
        SendResult answer;
        boolean congests;
        synchronized (queue) {
            long before = queue.queuedBytes();
            answer = admit(FrameKind.MESSAGE, message.payloadLength());
            if (answer.isAccepted()) {
                boolean appended = message.tryAppendTo(queue, encoder());
                answer = appended ? accepted(queue.queuedBytes() - before) : refused();
            }
            congests = takeCongestion();
        }
        if (congests) {
            sender().sendQueueCongested();
        }
        return answer;
    }

    /** Sees to it that what was queued leaves: when this turn ends, or at once when there is no turn. */
    public void flushQueued() {
        if (isGathering()) {
            // The turn knows since it queued the first of these messages.
            return;
        }
        Turn turn = Turn.current();
        boolean firstInTurn;
        synchronized (queue) {
            firstInTurn = writer.touchBy(turn);
        }
        flushAfter(turn, firstInTurn);
    }

    private void flushAfter(@Nullable Turn turn, boolean firstInTurn) {
        if (turn == null) {
            writer.flush();
        } else if (firstInTurn) {
            turn.touch(this);
        }
    }

    @Override
    public void flush() {
        putBack();
        writer.flush();
    }

    /** Lets a frame go through the queue: what the turn has gathered, for whomever, is put back first. */
    private static void makeWay(@Nullable Turn turn) {
        if (turn != null) {
            turn.stage().putBack();
        }
    }

    /**
     * Appends a frame. If it is the second of this turn in a row, the buffer that the first one began is taken out, and
     * the turn gathers from here on; if it begins a buffer, it may be the first one. Guarded by the queue.
     *
     * @param turn of this thread; or null if there is none, or this frame is not to be gathered
     */
    private SendResult appendOrGather(
            @Nullable Turn turn, FrameKind kind, long token, ByteBuffer payload, @Nullable QueuedRequest request) {
        if (turn == null || (request != null && !request.mayBeGathered())) {
            return append(kind, token, payload, request, Stage.NO_GATHERING);
        }
        Stage stage = turn.stage();
        if (tryBegin(stage, kind, payload)) {
            boolean isGathered =
                    request == null ? tryGather(stage, kind, token, payload) : tryGather(stage, kind, payload, request);
            if (isGathered) {
                return SendResult.ACCEPTED;
            }
        }
        Chunk before = queue.tail;
        SendResult answer = append(kind, token, payload, request, stage.number(request));
        if (answer == SendResult.ACCEPTED && queue.tail != before) {
            // It has begun a buffer, and with that begins what the next one may go on with.
            stage.note(this, acceptedBytes());
        }
        return answer;
    }

    /** Guarded by the queue. */
    private SendResult append(
            FrameKind kind, long token, ByteBuffer payload, @Nullable QueuedRequest request, long gathering) {
        SendResult answer = admit(kind, payload.remaining());
        if (!answer.isAccepted()) {
            return answer;
        }
        long before = queue.queuedBytes();
        boolean appended = Watermarks.goesFirst(kind)
                ? queue.tryAppendUrgent(encoder(), kind, token, payload)
                : queue.tryAppend(encoder(), kind, token, payload);
        if (!appended) {
            return refused();
        }
        if (request != null) {
            request.accepted(acceptedBytes(), gathering);
        }
        return accepted(queue.queuedBytes() - before);
    }

    /** Refuses further messages; the end of the stream follows the last one. */
    public void finish() {
        putBack();
        writer.finish();
    }

    /**
     * Tests something under the lock under which requests are queued: who has made that no more begin knows then that
     * none will be queued any more.
     *
     * @param condition short
     */
    public boolean testBehindRequests(BooleanSupplier condition) {
        synchronized (queue) {
            return condition.getAsBoolean();
        }
    }

    /** {@return whether the end of the stream has been sent} */
    public boolean isOutputFinished() {
        return writer.isOutputFinished();
    }

    /**
     * Stops for good, once the channel has been closed.
     *
     * @return true if no operation is in flight; otherwise {@link Sender#writesStopped} follows
     */
    public boolean stop() {
        return writer.stop();
    }

    /**
     * Gives everything back. Stopped, and no operation may be in flight.
     *
     * @return the ends of messages that were not written, or null; their senders are to be told
     */
    public @Nullable Chunk release() {
        return SentMarker.releaseOthers(writer.release());
    }

    /** {@return how much has been written} */
    public long writtenBytes() {
        synchronized (queue) {
            return writer.writtenBytes();
        }
    }

    /** {@return when something was last written, if the configuration watches for that} */
    public long lastWriteNanos() {
        return writer.lastWriteNanos();
    }
}

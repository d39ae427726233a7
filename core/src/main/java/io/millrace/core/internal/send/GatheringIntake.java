package io.millrace.core.internal.send;

import io.millrace.core.engine.Stage;
import io.millrace.core.engine.Turn;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Lets a turn that sends many messages put them together without the queue's lock (see {@link Stage}). */
abstract class GatheringIntake extends SendIntake implements Stage.Queue {
    /*
     * What is gathered counts as queued as far as its first frame goes, so that the queue is not taken for empty; as
     * accepted it counts when it is put back, for only then has it its place in the stream.
     *
     * The encoder is called without the lock then, and out of turn. So it must be one that cannot tell: one that serves
     * all sessions of a protocol, and makes the same frames for all.
     *
     * Requests remember where in the stream they are, as if nothing went in front of what is gathered; if something
     * has, they are told when it is put back. It leaves only after that. Where a place was kept nothing but control
     * frames can have gone in front, and how many of the bytes since then were theirs is not known: the offsets stay
     * as they are. At worst they are too low, and a request that was not written is said to be perhaps; never the
     * other way round.
     *
     * It never exceeds the high mark, so none of it would have been answered with anything but ACCEPTED. The writer
     * does not count as stopped while it is out.
     */

    GatheringIntake(ChannelWriter writer, FrameEncoder encoder, Sender sender) {
        super(writer, encoder, sender);
    }

    /** Returns where the turn of this thread gathers for this queue, or null if it does not. */
    private @Nullable Stage gathering() {
        Turn turn = Turn.current();
        return turn != null && turn.stage().isGatheringFor(this) ? turn.stage() : null;
    }

    final boolean isGathering() {
        return gathering() != null;
    }

    /** Puts a frame behind those that this turn has gathered here; false if it has not, or there is no room. */
    final boolean tryGather(Stage stage, FrameKind kind, long token, ByteBuffer payload) {
        if (!stage.isGatheringFor(this)) {
            return false;
        }
        FrameEncoder encoder = encoder();
        int payloadLength = payload.remaining();
        int length = QueueBuffers.frameLength(encoder, kind, payloadLength);
        // Looked at without the lock. Who has not seen yet that a place is kept may put a frame in front of that
        // place still, unless it is framed in a new way: and switchTo() keeps the place before it writes the encoder,
        // which is volatile and was read above.
        if (length > stage.room() || queue.keepsPlace()) {
            return false;
        }
        // Written out here, and not shared with the queue: the way from a frame to its answer is as deep as a compiler
        // follows by itself, and one step more costs a message a tenth of its time.
        ByteBuffer out = stage.bytes();
        int start = out.position();
        try {
            encoder.putHeader(out.order(ByteOrder.BIG_ENDIAN), kind, token, payloadLength);
            int at = out.position();
            out.put(at, payload, payload.position(), payloadLength).position(at + payloadLength);
            encoder.putTrailer(out);
        } catch (RuntimeException | Error broken) {
            out.position(start);
            throw broken;
        }
        stage.gathered(length);
        return true;
    }

    /**
     * Returns whether a frame can be put behind those that this turn has gathered here. Another thread may end that
     * before it is; {@code tryGather} returns false then.
     *
     * @param turn of this thread, or null
     * @param payload borrowed; only its length is looked at
     */
    public final boolean canGather(@Nullable Turn turn, FrameKind kind, ByteBuffer payload) {
        return turn != null
                && turn.stage().isGatheringFor(this)
                && QueueBuffers.frameLength(encoder(), kind, payload.remaining())
                        <= turn.stage().room();
    }

    /**
     * Puts a request behind what this turn has gathered here, and tells it its place.
     *
     * @param stage of this thread
     * @param payload borrowed: has been checked
     * @return false if {@link #canGather} would be false now; the request has heard nothing then
     */
    public final boolean tryGather(Stage stage, FrameKind kind, ByteBuffer payload, QueuedRequest request) {
        long offset = stage.offset();
        if (!tryGather(stage, kind, request.token(), payload)) {
            return false;
        }
        stage.carry(request);
        request.accepted(offset, stage.gathering());
        return true;
    }

    /**
     * Begins to gather if the buffer at the end holds the turn's last message and nothing else. Guarded by the queue.
     */
    final boolean tryBegin(Stage stage, FrameKind kind, ByteBuffer payload) {
        if (!stage.isNoted(this, acceptedBytes()) || !makesFramesInAnyOrder(encoder())) {
            return false;
        }
        long room = roomBelowMarks();
        int length = QueueBuffers.frameLength(encoder(), kind, payload.remaining());
        PooledBuffer last = length > room ? null : queue.tryTakeOut(length);
        if (last == null) {
            return false;
        }
        // The one frame in it is accepted again, with the others, when it is put back: see above.
        count(-last.buffer().position(), -1);
        stage.begin(this, last, (int) Math.min(room, last.buffer().remaining()), acceptedBytes());
        return true;
    }

    /** A protocol is immutable; any other encoder has no state if it says that it makes the frames of others. */
    private static boolean makesFramesInAnyOrder(FrameEncoder encoder) {
        Object key = encoder.sharingKey();
        return key != null && (encoder instanceof Protocol || key != encoder);
    }

    @Override
    public final void putBack() {
        Stage stage = gathering();
        if (stage == null) {
            return;
        }
        boolean congests;
        boolean wasLast;
        synchronized (queue) {
            PooledBuffer gathered = stage.end();
            // Before its bytes are counted, and can be written.
            if (queue.keepsPlace()) {
                stage.settleInPlace();
            } else {
                stage.settleAt(acceptedBytes());
            }
            queue.putBack(gathered, stage.gatheredBytes());
            // With the frame that was in it when it was taken out.
            count(gathered.buffer().position(), 1 + stage.gatheredFrames());
            congests = takeCongestion();
            wasLast = writer.isStopped() && writer.isQuiet();
        }
        if (congests) {
            sender().sendQueueCongested();
        }
        if (wasLast) {
            sender().writesStopped();
        }
    }

    /** What other turns have gathered is framed in the old way, and so it goes before what is framed in the new one. */
    @Override
    public void switchTo(FrameEncoder newEncoder) {
        putBack();
        synchronized (queue) {
            queue.keepPlace();
            super.switchTo(newEncoder);
        }
    }

    @Override
    public long queuedBytes() {
        Stage stage = gathering();
        return super.queuedBytes() + (stage == null ? 0 : stage.gatheredBytes());
    }

    @Override
    public long acceptedMessages() {
        Stage stage = gathering();
        return super.acceptedMessages() + (stage == null ? 0 : 1 + stage.gatheredFrames());
    }
}

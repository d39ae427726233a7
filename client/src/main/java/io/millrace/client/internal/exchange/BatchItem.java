package io.millrace.client.internal.exchange;

import io.millrace.client.request.Outcome;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.Outcome.Route;
import io.millrace.core.TransportException;
import io.millrace.core.internal.request.AbandonableReply;
import io.millrace.core.internal.request.RequestTable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One request of a batch. */
final class BatchItem implements AbandonableReply, Comparable<BatchItem> {
    private final Batch batch;
    private final int index;
    private final ByteBuffer payload;

    // Guarded by the batch.
    private Route route = Route.NONE;

    // Written under the lock of a table, the token first; read by whoever cancels. Should both belong to different
    // attempts, the table does not find it.
    private long token;
    private volatile @Nullable RequestTable table;

    // Written once, guarded by the batch; read by anyone.
    private volatile @Nullable Outcome<ByteBuffer> outcome;

    BatchItem(Batch batch, int index, ByteBuffer borrowed) {
        this.batch = batch;
        this.index = index;
        this.payload = CopyCodec.copy(borrowed);
    }

    ByteBuffer payload() {
        return payload;
    }

    /** Notes that it is about to be given to a connection. Guarded by the batch. */
    void attempt(Route connection) {
        route = new Route(connection.endpoint(), connection.use(), route.attempts() + 1);
    }

    /** Notes the outcome, unless there is one. Guarded by the batch. */
    boolean settle(Outcome<ByteBuffer> settled) {
        if (outcome != null) {
            return false;
        }
        outcome = settled;
        return true;
    }

    boolean isSettled() {
        return outcome != null;
    }

    Outcome<ByteBuffer> outcome() {
        return Objects.requireNonNull(outcome, "outcome");
    }

    @Override
    public void onReply(ByteBuffer reply) {
        ByteBuffer copy;
        try {
            copy = CopyCodec.INSTANCE.decode(reply);
        } catch (OutOfMemoryError noRoomForTheCopy) {
            batch.failed(
                    this, Kind.UNREADABLE_REPLY, new TransportException("no memory for the reply", noRoomForTheCopy));
            return;
        }
        batch.replied(this, copy);
    }

    /** Returns the outcome that a reply is. Guarded by the batch. */
    Outcome<ByteBuffer> replied(ByteBuffer reply) {
        return Outcome.replied(reply, route);
    }

    /** Returns the outcome that a failure is. Guarded by the batch. */
    Outcome<ByteBuffer> failed(Kind kind, TransportException failure) {
        return Outcome.failed(kind, failure, route);
    }

    @Override
    public void onFailure(TransportException failure) {
        batch.failed(this, failure);
    }

    /** An exclusive connection is given back when this hears of its end, so there it is never abandoned. */
    @Override
    public boolean isAbandoned() {
        return isSettled() && !batch.isExclusive();
    }

    @Override
    public void waitsIn(RequestTable newTable, long newToken) {
        token = newToken;
        table = newTable;
    }

    /** Has the request table forget it, once it is settled by a cancel. An exclusive connection needs its reply. */
    void forget() {
        RequestTable waitedIn = table;
        if (waitedIn != null && !batch.isExclusive()) {
            waitedIn.forget(token, this);
        }
    }

    @Override
    public int compareTo(BatchItem other) {
        return Integer.compare(index, other.index);
    }

    /** Returns how much memory payloads hold together, as far as an int tells. */
    static int payloadBytes(List<BatchItem> items) {
        long sum = 0;
        for (BatchItem item : items) {
            sum += item.payload().remaining();
        }
        return (int) Math.min(sum, Integer.MAX_VALUE);
    }
}

package io.millrace.core.internal.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.SessionClosedException;
import io.millrace.core.engine.ManualDeadlines;
import io.millrace.core.engine.Stage;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where requests with tokens are in the stream, and whose they are while they are being sent. */
class RequestPlacesTest {
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final CloseReason LOST = CloseReason.of(Kind.RESET, "on purpose");

    private final ManualDeadlines timer = new ManualDeadlines();
    private final TokenRequests table = new TokenRequests(timer.deadlines(), new Due(() -> {}), 0);

    @AfterEach
    void stop() throws InterruptedException {
        timer.close();
    }

    private PendingRequest prepare(FutureReply reply) {
        return Objects.requireNonNull(table.prepare(reply, TIMEOUT_NANOS), "room");
    }

    private PendingRequest prepareGathered(FutureReply reply, long offset, long gathering) {
        return Objects.requireNonNull(table.prepare(reply, TIMEOUT_NANOS, offset, gathering), "room");
    }

    private FutureReply sent(long offset) {
        FutureReply reply = new FutureReply();
        prepare(reply).accepted(offset, Stage.NO_GATHERING);
        return reply;
    }

    private FutureReply gathered(long offset, long gathering) {
        FutureReply reply = new FutureReply();
        prepareGathered(reply, offset, gathering).accepted(offset, gathering);
        return reply;
    }

    private static boolean isMaybeWritten(FutureReply reply) {
        Throwable cause = assertThrows(CompletionException.class, reply::join).getCause();
        return ((SessionClosedException) cause).maybeWritten();
    }

    private boolean reply(long token) {
        return table.reply(token, ByteBuffer.allocate(1));
    }

    @Test
    void whatHasGoneInFrontOfAGatheringMovesItsRequestsAndNoOthers() {
        FutureReply before = sent(10);
        FutureReply first = gathered(10, 7);
        FutureReply second = gathered(20, 7);
        FutureReply ofAnother = gathered(10, 8);
        FutureReply last = new FutureReply();
        PendingRequest any = prepareGathered(last, 30, 7);
        any.accepted(30, 7);
        any.settled(7, 100);
        table.close(LOST, 115);
        assertTrue(isMaybeWritten(before));
        assertTrue(isMaybeWritten(first));
        assertFalse(isMaybeWritten(second));
        assertTrue(isMaybeWritten(ofAnother));
        assertFalse(isMaybeWritten(last));
    }

    @Test
    void requestOfAGatheringThatTakesLongIsNotOverdueEarly() {
        FutureReply first = gathered(10, 7);
        timer.advance(TIMEOUT_NANOS / 2);
        FutureReply second = new FutureReply();
        PendingRequest any = prepareGathered(second, 20, 7);
        any.accepted(20, 7);
        any.settled(7, 0);
        timer.advance(TIMEOUT_NANOS - 1);
        table.expire("peer");
        assertFalse(second.isDone());
        timer.advance(2 * GatheringClock.ALLOWANCE_NANOS);
        table.expire("peer");
        assertTrue(first.isDone());
        assertTrue(second.isDone());
    }

    @Test
    void requestOfAnotherGatheringAtTheSameTimeIsNotOverdueEarly() {
        gathered(10, 7);
        PendingRequest any = prepareGathered(new FutureReply(), 20, 7);
        any.accepted(20, 7);
        timer.advance(TIMEOUT_NANOS / 2);
        FutureReply ofAnother = gathered(20, 8);
        FutureReply last = gathered(30, 8);
        any.settled(7, 0);
        timer.advance(TIMEOUT_NANOS - 1);
        table.expire("peer");
        assertFalse(ofAnother.isDone());
        assertFalse(last.isDone());
        timer.advance(1);
        table.expire("peer");
        assertTrue(ofAnother.isDone());
        assertTrue(last.isDone());
    }

    @Test
    void requestThatIsAboutToBeRefusedIsLeftToItsSenderAtTheClose() {
        FutureReply reply = new FutureReply();
        PendingRequest underway = prepare(reply);
        FutureReply other = sent(10);
        table.close(LOST, Long.MAX_VALUE);
        assertTrue(isMaybeWritten(other));
        assertFalse(reply.isDone());
        assertTrue(underway.unprepare());
        assertFalse(reply.isDone());
        assertEquals(0, table.pending());
        assertEquals(0, table.size());
    }

    @Test
    void requestThatIsBeingGatheredFailsAtTheCloseAndItsSenderLearnsThatItHasBeenTold() {
        FutureReply reply = new FutureReply();
        PendingRequest gathered = prepareGathered(reply, 10, 7);
        table.close(LOST, 10);
        assertFalse(isMaybeWritten(reply));
        assertFalse(gathered.unprepare());
        assertEquals(0, table.pending());
    }

    @Test
    void requestThatIsAnsweredWhileItIsBeingSentIsNotUsedForAnother() {
        FutureReply early = new FutureReply();
        PendingRequest beingSent = prepare(early);
        assertTrue(reply(beingSent.token()));
        assertTrue(early.isDone());
        FutureReply next = new FutureReply();
        PendingRequest following = prepare(next);
        assertNotSame(beingSent, following);
        following.accepted(100, Stage.NO_GATHERING);
        beingSent.accepted(0, Stage.NO_GATHERING);
        table.close(LOST, 50);
        assertFalse(isMaybeWritten(next));
    }

    @Test
    void requestThatHasBeenSentIsUsedAgain() {
        PendingRequest first = prepare(new FutureReply());
        first.accepted(0, Stage.NO_GATHERING);
        assertTrue(reply(first.token()));
        assertSame(first, prepare(new FutureReply()));
    }

    @Test
    void noRequestIsPreparedOnceNoneMayBegin() {
        TokenRequests ending = new TokenRequests(timer.deadlines(), new Ending(), 0);
        assertNull(ending.prepare(new FutureReply(), TIMEOUT_NANOS));
        assertEquals(0, ending.pending());
    }

    /** A session that drains. */
    private static final class Ending implements Requester {
        @Override
        public boolean beginsRequests() {
            return false;
        }

        @Override
        public void requestsDue() {}

        @Override
        public void requestsOverdue(int inARow) {}

        @Override
        public void requestForgotten() {}

        @Override
        public void handlerThrew(String callback, Throwable thrown) {
            throw new AssertionError(callback + " threw", thrown);
        }
    }
}

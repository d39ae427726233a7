package io.millrace.core.internal.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.SessionClosedException;
import io.millrace.core.engine.ManualDeadlines;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestTableTest {
    private static final long MS = 1_000_000;
    private static final CloseReason LOST = CloseReason.of(Kind.RESET, "on purpose");

    private final ManualDeadlines timer = new ManualDeadlines();
    private final Semaphore due = new Semaphore(0);
    private final RequestTable table = OrderedRequests.pipelined(timer.deadlines(), new Due(due::release));
    private long streamOffset;

    @AfterEach
    void stop() throws InterruptedException {
        timer.close();
    }

    private FutureReply add(long timeoutMillis) {
        FutureReply reply = add(table, timeoutMillis, streamOffset);
        streamOffset += 10;
        return reply;
    }

    private static FutureReply add(RequestTable table, long timeoutMillis, long streamOffset) {
        FutureReply reply = new FutureReply();
        PendingRequest request = table.prepare(reply, timeoutMillis * MS);
        assertNotNull(request, "the table is full");
        request.accepted(streamOffset, 0);
        return reply;
    }

    private boolean reply(int value) {
        return table.reply(0, ByteBuffer.wrap(new byte[] {(byte) value}));
    }

    private static int valueOf(FutureReply request) {
        return request.getNow(ByteBuffer.wrap(new byte[] {-1})).get(0);
    }

    private static Throwable failureOf(FutureReply request) {
        assertTrue(request.isCompletedExceptionally(), "it has not failed");
        Throwable failure =
                assertThrows(CompletionException.class, request::join).getCause();
        assertNotNull(failure);
        return failure;
    }

    private CloseReason passAndExpire(long millis) throws InterruptedException {
        timer.advance(millis * MS + 2 * 10 * MS);
        assertTrue(due.tryAcquire(10, TimeUnit.SECONDS), "the timer did not tell");
        return table.expire("peer");
    }

    @Test
    void repliesAnswerRequestsInOrder() {
        List<FutureReply> requests = List.of(add(100), add(100), add(100));
        for (int i = 0; i < 3; i++) {
            assertTrue(reply(i));
        }
        for (int i = 0; i < 3; i++) {
            assertEquals(i, valueOf(requests.get(i)));
        }
        assertEquals(0, table.size());
    }

    @Test
    void replyThatNobodyWaitsForIsRefused() {
        assertFalse(reply(1));
        add(100);
        assertTrue(reply(1));
        assertFalse(reply(2));
    }

    @Test
    void replyIsAFreshCopy() {
        FutureReply request = add(100);
        byte[] bytes = {5};
        assertTrue(table.reply(0, ByteBuffer.wrap(bytes)));
        bytes[0] = 6;
        assertEquals(5, valueOf(request));
        assertFalse(request.join().isDirect());
    }

    @Test
    void overdueRequestFailsAndItsLateReplyIsEaten() throws Exception {
        FutureReply late = add(100);
        FutureReply patient = add(1_000);
        assertNull(passAndExpire(100));
        RequestTimeoutException timeout = (RequestTimeoutException) failureOf(late);
        assertEquals("no reply from peer within 100 ms", timeout.getMessage());
        assertFalse(patient.isDone());
        assertTrue(reply(1));
        assertTrue(reply(2));
        assertEquals(2, valueOf(patient));
        assertEquals(1, table.lateReplies());
    }

    @Test
    void requestIsNotOverdueBeforeItsTime() throws Exception {
        FutureReply request = add(100);
        add(10);
        timer.advance(99 * MS);
        assertTrue(due.tryAcquire(10, TimeUnit.SECONDS));
        assertNotNull(table);
        table.expire("peer");
        assertFalse(request.isDone());
    }

    @Test
    void shorterTimeoutBehindALongerOneExpiresFirst() throws Exception {
        FutureReply patient = add(60_000);
        FutureReply hasty = add(50);
        assertNull(passAndExpire(50));
        assertTrue(hasty.isCompletedExceptionally());
        assertFalse(patient.isDone());
    }

    @Test
    void cancelledRequestLeavesATombstone() {
        FutureReply first = add(100);
        FutureReply second = add(100);
        assertTrue(first.cancel(true));
        assertEquals(2, table.size());
        assertTrue(reply(1));
        assertTrue(reply(2));
        assertTrue(first.isCancelled());
        assertEquals(2, valueOf(second));
    }

    @Test
    void replyMissingForTwoTimeoutsGivesTheConnectionUp() throws Exception {
        add(100);
        assertNull(passAndExpire(100));
        CloseReason reason = passAndExpire(80);
        assertNotNull(reason);
        assertEquals(Kind.TIMEOUT, reason.kind());
    }

    @Test
    void moreThanSixteenTombstonesGiveTheConnectionUp() throws Exception {
        for (int i = 0; i < OrderedRequests.TOMBSTONE_LIMIT; i++) {
            add(1_000);
        }
        assertNull(passAndExpire(1_000), "sixteen are bearable");
        assertEquals(16, table.size());
        FutureReply one = add(100);
        CloseReason reason = passAndExpire(100);
        assertNotNull(reason);
        assertEquals(Kind.TIMEOUT, reason.kind());
        assertTrue(reason.detail().startsWith("17 replies are overdue"), reason.detail());
        assertTrue(one.isDone());
    }

    @Test
    void closeFailsAllAndKnowsWhatMayHaveBeenWritten() {
        FutureReply written = add(100);
        FutureReply partly = add(100);
        FutureReply queued = add(100);
        table.close(LOST, 11);
        List<Boolean> maybe = new ArrayList<>();
        for (FutureReply request : List.of(written, partly, queued)) {
            SessionClosedException closed = (SessionClosedException) failureOf(request);
            assertSame(LOST, closed.reason());
            maybe.add(closed.maybeWritten());
        }
        assertEquals(List.of(true, true, false), maybe);
        assertEquals(0, table.size());
        assertEquals(0, timer.deadlines().armed());
    }

    @Test
    void closeKeepsTheCause() {
        FutureReply request = add(100);
        IllegalStateException cause = new IllegalStateException("on purpose");
        table.close(CloseReason.of(Kind.IO, "broken", cause), 0);
        assertSame(cause, failureOf(request).getCause());
    }

    @Test
    void requestAddedAfterCloseFailsAtTheNextOne() {
        table.close(LOST, 0);
        FutureReply late = add(100);
        table.close(LOST, 0);
        assertFalse(((SessionClosedException) failureOf(late)).maybeWritten());
        assertEquals(0, timer.deadlines().armed());
    }

    @Test
    void requestHasOneOutcomeWhoeverComesFirst() throws Exception {
        FutureReply request = add(100);
        assertTrue(reply(3));
        table.close(LOST, 100);
        assertEquals(3, valueOf(request));
        FutureReply overdue = add(100);
        table.close(LOST, 100);
        assertTrue(failureOf(overdue) instanceof SessionClosedException);
    }

    @Test
    void answeredRequestsLeaveNothingToExpire() throws Exception {
        add(100);
        assertTrue(reply(1));
        assertNull(passAndExpire(100));
        assertEquals(0, timer.deadlines().armed());
    }

    @Test
    void checkOfANewRequestIsNotPutOffByAnExpiryThatRunsMeanwhile() throws Exception {
        AtomicInteger go = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        int rounds = 1_000;
        RequestTable[] current = new RequestTable[1];
        Semaphore told = new Semaphore(0);
        Thread adder = new Thread(() -> {
            for (int round = 1; round <= rounds; round++) {
                while (go.get() < round) {
                    Thread.onSpinWait();
                }
                RequestTable shared = current[0];
                add(shared, 50, 1);
                done.set(round);
            }
        });
        adder.setDaemon(true);
        adder.start();
        for (int round = 1; round <= rounds; round++) {
            RequestTable shared = OrderedRequests.pipelined(timer.deadlines(), new Due(told::release));
            current[0] = shared;
            add(shared, 60_000, 0);
            go.set(round);
            for (int spin = round % 50; spin > 0; spin--) {
                Thread.onSpinWait();
            }
            shared.expire("peer");
            while (done.get() < round) {
                Thread.onSpinWait();
            }
            timer.advance(70 * MS);
            assertTrue(told.tryAcquire(2, TimeUnit.SECONDS), "the check of 50 ms was lost in round " + round);
            shared.close(LOST, 0);
            told.drainPermits();
        }
    }

    @Test
    void replyThatWaitsBehindASlowerOneIsNotTakenForLost() throws Exception {
        FutureReply patient = add(60_000);
        add(100);
        assertNull(passAndExpire(100));
        timer.advance(200 * MS);
        assertNull(table.expire("peer"), "its reply cannot come before that of the patient request");
        assertTrue(reply(1));
        assertTrue(reply(2));
        assertEquals(1, valueOf(patient));
    }
}

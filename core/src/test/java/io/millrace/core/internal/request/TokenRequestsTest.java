package io.millrace.core.internal.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.CloseReason.Kind;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.ManualDeadlines;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TokenRequestsTest {
    private static final long MS = 1_000_000;
    private static final CloseReason LOST = CloseReason.of(Kind.RESET, "on purpose");

    private final ManualDeadlines timer = new ManualDeadlines();
    private final Semaphore due = new Semaphore(0);
    private final TokenRequests table = new TokenRequests(timer.deadlines(), new Due(due::release), 0);

    @AfterEach
    void stop() throws InterruptedException {
        timer.close();
    }

    /** Counts its outcomes and keeps the last. */
    private static final class Outcome implements ReplyHandler {
        private final AtomicInteger count = new AtomicInteger();
        private volatile long value = -1;
        private volatile @Nullable TransportException failure;

        @Override
        public void onReply(ByteBuffer reply) {
            value = reply.getLong();
            count.incrementAndGet();
        }

        @Override
        public void onFailure(TransportException why) {
            failure = why;
            count.incrementAndGet();
        }
    }

    private static long add(RequestTable table, ReplyHandler waiting, long timeoutMillis) {
        PendingRequest request = table.prepare(waiting, timeoutMillis * MS);
        assertNotNull(request, "the table is full");
        long token = request.token();
        request.accepted(0, 0);
        return token;
    }

    private static boolean reply(RequestTable table, long token) {
        return table.reply(token, ByteBuffer.allocate(Long.BYTES).putLong(0, token));
    }

    private void pass(long millis) throws InterruptedException {
        timer.advance(millis * MS + 2 * 10 * MS);
        assertTrue(due.tryAcquire(10, TimeUnit.SECONDS), "the timer did not tell");
    }

    @Test
    void tokensAreConsecutiveFromTheGivenOneAndWrapAround() {
        TokenRequests wrapping = new TokenRequests(timer.deadlines(), new Due(due::release), Long.MAX_VALUE - 1);
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            tokens.add(add(wrapping, new Outcome(), 100));
        }
        assertEquals(List.of(Long.MAX_VALUE - 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + 1), tokens);
        for (long token : tokens) {
            assertTrue(reply(wrapping, token));
        }
    }

    @Test
    void repliesInAnyOrderFindTheirRequests() {
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            outcomes.add(new Outcome());
            add(table, outcomes.get(i), 100);
        }
        for (int token : new int[] {3, 0, 4, 1, 2}) {
            assertTrue(reply(table, token));
            assertEquals(token, outcomes.get(token).value);
        }
        assertEquals(0, table.size());
    }

    @Test
    void requestsDisplacedByAnOlderOneAreFoundWhenItHasGone() {
        add(table, new Outcome(), 100);
        for (int token = 1; token < 16; token++) {
            add(table, new Outcome(), 100);
            assertTrue(reply(table, token));
        }
        for (int token = 16; token < 19; token++) {
            add(table, new Outcome(), 100);
        }
        assertTrue(reply(table, 0), "the oldest, which has the place of 16");
        for (int token = 18; token >= 16; token--) {
            assertTrue(reply(table, token), "token " + token);
        }
        assertEquals(0, table.size());
    }

    @Test
    void requestsDisplacedAroundTheEndOfTheTableAreFound() {
        TokenRequests places = new TokenRequests(timer.deadlines(), new Due(due::release), 14);
        add(places, new Outcome(), 100);
        add(places, new Outcome(), 100);
        for (int token = 16; token < 30; token++) {
            add(places, new Outcome(), 100);
            assertTrue(reply(places, token));
        }
        add(places, new Outcome(), 100);
        add(places, new Outcome(), 100);
        assertTrue(reply(places, 14), "30 has its place and is at the front instead");
        assertTrue(reply(places, 30));
        assertTrue(reply(places, 31));
        assertTrue(reply(places, 15));
        assertEquals(0, places.size());
    }

    @Test
    void secondReplyToOneRequestIsDroppedAndCounted() {
        Outcome outcome = new Outcome();
        long token = add(table, outcome, 100);
        assertTrue(reply(table, token));
        assertFalse(reply(table, token));
        assertFalse(table.fail(token, ErrorCode.HANDLER, "late"));
        assertEquals(1, outcome.count.get());
        assertEquals(2, table.lateReplies());
    }

    @Test
    void overdueRequestFailsIsForgottenAndItsLateReplyIsCounted() throws Exception {
        Outcome hasty = new Outcome();
        Outcome patient = new Outcome();
        long late = add(table, hasty, 100);
        long other = add(table, patient, 10_000);
        pass(100);
        assertNull(table.expire("peer"), "a token protocol keeps its connection");
        assertInstanceOf(RequestTimeoutException.class, hasty.failure);
        assertEquals(1, table.size());
        assertFalse(reply(table, late));
        assertEquals(1, table.lateReplies());
        assertTrue(reply(table, other));
        assertEquals(1, patient.count.get());
    }

    @Test
    void errorReplyFailsItsRequestWithTheCode() {
        Outcome outcome = new Outcome();
        long token = add(table, outcome, 100);
        assertTrue(table.fail(token, ErrorCode.BUSY, "later"));
        ErrorReplyException error = assertInstanceOf(ErrorReplyException.class, outcome.failure);
        assertEquals(ErrorCode.BUSY, error.code());
        assertTrue(error.notProcessed());
    }

    @Test
    void replyToACancelledRequestIsCountedAsLate() {
        FutureReply cancelled = new FutureReply();
        long token = add(table, cancelled, 100);
        assertTrue(cancelled.cancel(false));
        assertEquals(0, table.size(), "a cancelled request frees its place at once");
        assertEquals(0, table.pending());
        assertFalse(reply(table, token));
        assertEquals(1, table.lateReplies());
    }

    @Test
    void cancelOfAFutureWhoseRequestHasGoneLeavesTheNextOneAlone() {
        FutureReply first = new FutureReply();
        long token = add(table, first, 100);
        assertTrue(reply(table, token));
        FutureReply second = new FutureReply();
        add(table, second, 100);
        assertFalse(first.cancel(false));
        table.forget(token, first);
        assertEquals(1, table.size());
        assertTrue(reply(table, token + 1));
        assertTrue(second.isDone());
    }

    @Test
    void pendingCountsWhatIsBegunAndIsNothingAfterTheClose() {
        List<Long> tokens = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            tokens.add(add(table, new Outcome(), 100));
        }
        PendingRequest refused = table.prepare(new Outcome(), MS);
        assertNotNull(refused);
        assertEquals(41, table.pending());
        refused.unprepare();
        assertTrue(reply(table, tokens.get(3)));
        assertEquals(39, table.pending());
        PendingRequest meanwhile = table.prepare(new Outcome(), MS);
        assertNotNull(meanwhile);
        table.close(LOST, 0);
        assertEquals(1, table.pending());
        meanwhile.unprepare();
        assertEquals(0, table.pending());
    }

    @Test
    void overdueRequestsAreCountedInARowUntilAnyReplyComes() throws Exception {
        List<Integer> heard = new ArrayList<>();
        TokenRequests watched = new TokenRequests(timer.deadlines(), new Due(due::release, heard::add), 0);
        add(watched, new Outcome(), 100);
        add(watched, new Outcome(), 100);
        long slow = add(watched, new Outcome(), 1_000);
        pass(100);
        watched.expire("peer");
        watched.expire("peer");
        pass(1_000);
        watched.expire("peer");
        assertEquals(List.of(2, 3), heard);
        assertFalse(reply(watched, slow), "it is too late, but a sign of life");
        add(watched, new Outcome(), 100);
        pass(100);
        watched.expire("peer");
        assertEquals(List.of(2, 3, 1), heard);
    }

    @Test
    void requestWhoseFutureItsCallerHasFailedIsForgottenAtTheNextCheck() throws Exception {
        FutureReply givenUp = new FutureReply();
        add(table, givenUp, 100);
        add(table, new Outcome(), 10_000);
        givenUp.completeExceptionally(new IllegalStateException("on purpose"));
        pass(100);
        table.expire("peer");
        assertEquals(1, table.size());
    }

    @Test
    void requestBeyondTheLimitIsRefusedUntilOneIsAnswered() {
        for (int i = 0; i < RequestTable.IN_FLIGHT_LIMIT; i++) {
            add(table, new Outcome(), 100);
        }
        assertNull(table.prepare(new Outcome(), MS));
        assertTrue(reply(table, 5_000));
        assertNotNull(table.prepare(new Outcome(), MS));
    }

    @Test
    void closeFailsEveryRequestOnceAndLaterRepliesAreDropped() {
        List<Outcome> outcomes = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            outcomes.add(new Outcome());
            add(table, outcomes.get(i), 100);
        }
        assertTrue(reply(table, 50));
        table.close(LOST, 0);
        assertFalse(reply(table, 51));
        for (int i = 0; i < 100; i++) {
            assertEquals(1, outcomes.get(i).count.get());
            assertEquals(i != 50, outcomes.get(i).failure instanceof SessionClosedException);
        }
        assertEquals(0, timer.deadlines().armed());
    }

    /** What a table should hold: the same requests in a map that nobody doubts. */
    private static final class Model {
        private final Map<Long, Outcome> waiting = new HashMap<>();
        private final Map<Long, FutureReply> futures = new HashMap<>();
        private final Map<Long, Long> deadlines = new HashMap<>();
        private final List<Long> tokens = new ArrayList<>();

        void put(long token, long deadlineMillis) {
            assertNull(deadlines.put(token, deadlineMillis), "a token was given twice");
            tokens.add(token);
        }

        void remove(int index) {
            long token = tokens.get(index);
            long last = tokens.remove(tokens.size() - 1);
            if (index < tokens.size()) {
                tokens.set(index, last);
            }
            waiting.remove(token);
            futures.remove(token);
            deadlines.remove(token);
        }
    }

    @Test
    void hundredThousandRandomRequestsHaveTheOutcomesOfAPlainMap() {
        Random random = new Random(20_26);
        TokenRequests tested = new TokenRequests(timer.deadlines(), new Due(due::release), Long.MAX_VALUE - 20_000);
        Model model = new Model();
        long nowMillis = 0;
        long late = 0;
        int most = 0;
        for (int step = 0; step < 100_000; step++) {
            int what = random.nextInt(100);
            // Small at first, so that its places are used again and again; then nothing but requests, so that it grows.
            boolean filling = step >= 60_000 && step < 63_000;
            int limit = step < 60_000 ? 500 : RequestTable.IN_FLIGHT_LIMIT;
            if (filling || model.tokens.isEmpty() || (what < 45 && model.tokens.size() < limit)) {
                // A few outlive many turns of the table, so that others are displaced by them.
                long timeoutMillis = random.nextInt(10) == 0 ? 1_000_000 : 1 + random.nextInt(100);
                Outcome outcome = new Outcome();
                FutureReply future = what % 4 == 0 ? new FutureReply() : null;
                long token = add(tested, future != null ? future : outcome, timeoutMillis);
                model.put(token, nowMillis + timeoutMillis);
                if (future != null) {
                    model.futures.put(token, future);
                } else {
                    model.waiting.put(token, outcome);
                }
            } else if (what < 90) {
                int index = random.nextInt(model.tokens.size());
                answer(tested, model, index, what < 80);
            } else if (what < 94) {
                long gone = model.tokens.get(random.nextInt(model.tokens.size())) - 60_000;
                assertFalse(reply(tested, gone));
                late++;
            } else if (what < 98) {
                int index = random.nextInt(model.tokens.size());
                FutureReply future = model.futures.get(model.tokens.get(index));
                if (future != null) {
                    assertTrue(future.cancel(false));
                    model.remove(index);
                }
            } else if (what == 98) {
                int millis = random.nextInt(40);
                nowMillis += millis;
                timer.advance(millis * MS);
                assertNull(tested.expire("peer"));
                expire(model, nowMillis);
            }
            assertEquals(model.tokens.size(), tested.size(), "after step " + step);
            most = Math.max(most, model.tokens.size());
        }
        assertEquals(late, tested.lateReplies());
        assertTrue(most > 1_024, "the table has grown to hold " + most);
        for (int index = model.tokens.size() - 1; index >= 0; index--) {
            answer(tested, model, index, true);
        }
        assertEquals(0, tested.size());
    }

    /** Answers a request in both. */
    private static void answer(TokenRequests tested, Model model, int index, boolean well) {
        long token = model.tokens.get(index);
        assertTrue(well ? reply(tested, token) : tested.fail(token, 1000, "no"), "lost: token " + token);
        FutureReply future = model.futures.get(token);
        if (future != null) {
            assertTrue(future.isDone());
            if (well) {
                assertEquals(token, future.join().getLong(0));
            }
        } else {
            Outcome outcome = model.waiting.get(token);
            assertEquals(1, outcome.count.get());
            assertEquals(well ? token : -1, outcome.value);
            assertEquals(well, outcome.failure == null);
        }
        model.remove(index);
    }

    private static void expire(Model model, long nowMillis) {
        for (int index = model.tokens.size() - 1; index >= 0; index--) {
            long token = model.tokens.get(index);
            FutureReply future = model.futures.get(token);
            boolean overdue = model.deadlines.get(token) <= nowMillis;
            if (overdue && future == null) {
                Outcome outcome = model.waiting.get(token);
                assertEquals(1, outcome.count.get());
                assertInstanceOf(RequestTimeoutException.class, outcome.failure);
            }
            if (overdue) {
                assertTrue(future == null || future.isDone());
                model.remove(index);
            }
        }
    }

    @Test
    void eachRequestHasOneOutcomeWhileReplyExpiryAndCloseRace() throws Exception {
        int rounds = 200;
        int requests = 100;
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        for (int round = 0; round < rounds; round++) {
            TokenRequests raced = new TokenRequests(timer.deadlines(), new Due(() -> {}), Long.MAX_VALUE - 50);
            List<Outcome> outcomes = new ArrayList<>();
            List<Long> tokens = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                outcomes.add(new Outcome());
                tokens.add(add(raced, outcomes.get(i), i % 3 == 0 ? 1 : 60_000));
            }
            CyclicBarrier start = new CyclicBarrier(3);
            List<Thread> threads = List.of(
                    racer(start, failures, () -> tokens.forEach(token -> reply(raced, token))),
                    racer(start, failures, () -> {
                        timer.advance(2 * MS);
                        raced.expire("peer");
                    }),
                    racer(start, failures, () -> {
                        for (int i = requests - 1; i > requests / 2; i--) {
                            raced.fail(tokens.get(i), 1000, "no");
                        }
                        raced.close(LOST, 0);
                    }));
            for (Thread thread : threads) {
                thread.join(10_000);
                assertFalse(thread.isAlive());
            }
            for (Outcome outcome : outcomes) {
                assertEquals(1, outcome.count.get(), "in round " + round);
            }
        }
        assertEquals(List.of(), failures);
    }

    private static Thread racer(CyclicBarrier start, List<Throwable> failures, Runnable task) {
        Thread thread = new Thread(() -> {
            try {
                start.await(10, TimeUnit.SECONDS);
                task.run();
            } catch (Throwable e) {
                failures.add(e);
            }
        });
        thread.start();
        return thread;
    }
}

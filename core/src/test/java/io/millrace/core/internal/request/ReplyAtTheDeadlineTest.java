package io.millrace.core.internal.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.ManualDeadlines;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Replies that come in the very tick in which their requests are overdue, a hundred thousand of them. */
class ReplyAtTheDeadlineTest {
    private static final long MS = 1_000_000;
    private static final int ROUNDS = 6_250;
    /** As many as may be overdue at once where replies have no tokens. */
    private static final int REQUESTS = OrderedRequests.TOMBSTONE_LIMIT;

    private final ManualDeadlines timer = new ManualDeadlines(Long.MAX_VALUE - 50 * MS);

    // Written by the thread that asks; read by the one that expires.
    private volatile int begun;

    // Written by the thread that expires; read by the one that asks.
    private volatile int expired;
    private volatile @Nullable Throwable lost;

    @AfterEach
    void stop() throws InterruptedException {
        timer.close();
    }

    /** Counts its outcomes; one that is wrong counts twice. */
    private static final class Outcome implements ReplyHandler {
        private final long number;
        private final AtomicInteger outcomes = new AtomicInteger();

        Outcome(long number) {
            this.number = number;
        }

        @Override
        public void onReply(ByteBuffer reply) {
            outcomes.addAndGet(reply.getLong(0) == number ? 1 : 2);
        }

        @Override
        public void onFailure(TransportException failure) {
            outcomes.addAndGet(failure instanceof RequestTimeoutException ? 1 : 2);
        }
    }

    @Test
    void requestsWithTokensHaveOneOutcomeAndTheNextIsUntouched() throws Exception {
        race(new TokenRequests(timer.deadlines(), new Due(() -> {}), -ROUNDS), token -> token);
    }

    @Test
    void requestsInOrderHaveOneOutcomeAndTheNextIsUntouched() throws Exception {
        race(OrderedRequests.pipelined(timer.deadlines(), new Due(() -> {})), token -> 0L);
    }

    private void race(RequestTable table, LongFunction<Long> tokenOnTheWire) throws InterruptedException {
        Thread expirer = new Thread(() -> expireOncePerRound(table), "expirer");
        expirer.setDaemon(true);
        expirer.start();
        for (int round = 1; round <= ROUNDS; round++) {
            Outcome[] outcomes = new Outcome[REQUESTS + 1];
            long[] tokens = new long[REQUESTS + 1];
            for (int i = 0; i <= REQUESTS; i++) {
                outcomes[i] = new Outcome((long) round * 100 + i);
                tokens[i] = tokenOnTheWire.apply(add(table, outcomes[i], i < REQUESTS ? 10 : 1_000_000));
            }
            // Overdue, but not by so much that a reply without a token would be given up.
            timer.advance(12 * MS);
            begun = round;
            spin(round % 60);
            for (int i = 0; i < REQUESTS; i++) {
                reply(table, tokens[i], outcomes[i].number);
            }
            while (expired < round && expirer.isAlive()) {
                Thread.yield();
            }
            for (int i = 0; i < REQUESTS; i++) {
                assertEquals(1, outcomes[i].outcomes.get(), "request " + i + " of round " + round);
            }
            assertEquals(1, table.pending(), "the next request waits alone");
            assertEquals(0, outcomes[REQUESTS].outcomes.get());
            assertTrue(reply(table, tokens[REQUESTS], outcomes[REQUESTS].number));
            assertEquals(1, outcomes[REQUESTS].outcomes.get());
        }
        expirer.join(10_000);
        assertFalse(expirer.isAlive());
        assertNull(lost);
        assertEquals(0, table.size());
    }

    private static long add(RequestTable table, ReplyHandler waiting, long timeoutMillis) {
        PendingRequest request = table.prepare(waiting, timeoutMillis * MS);
        assertNotNull(request);
        long token = request.token();
        request.accepted(0, 0);
        return token;
    }

    private static boolean reply(RequestTable table, long token, long value) {
        return table.reply(token, ByteBuffer.allocate(Long.BYTES).putLong(0, value));
    }

    private void expireOncePerRound(RequestTable table) {
        try {
            for (int round = 1; round <= ROUNDS; round++) {
                while (begun < round) {
                    Thread.yield();
                }
                spin(60 - round % 60);
                assertNull(table.expire("peer"));
                expired = round;
            }
        } catch (Throwable thrown) {
            lost = thrown;
        }
    }

    private static void spin(int times) {
        for (int i = 0; i < times; i++) {
            Thread.onSpinWait();
        }
    }
}

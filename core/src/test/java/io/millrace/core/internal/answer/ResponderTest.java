package io.millrace.core.internal.answer;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.Reply;
import io.millrace.core.RequestHandler;
import io.millrace.core.SendResult;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ResponderTest {
    private static final int LIMIT = 3;
    private static final int KEPT_LIMIT_BYTES = 10;

    private final FakeSession session = new FakeSession();
    private final FakeOutlet outlet = new FakeOutlet(session);
    private final List<Reply> replies = new ArrayList<>();

    private Responder inOrder(int requests) {
        return responder(false, requests, (from, request, reply) -> replies.add(reply));
    }

    private Responder byToken(int requests) {
        return responder(true, requests, (from, request, reply) -> replies.add(reply));
    }

    /** Makes a responder that has taken in requests with the tokens 0, 1, 2 ... */
    private Responder responder(boolean byToken, int requests, RequestHandler handler) {
        Responder responder = new Responder(
                session.asSession(),
                outlet,
                new ServedRequests(handler, null, byToken, new ServedRequests.Limits(LIMIT, KEPT_LIMIT_BYTES, 0)));
        for (int token = 0; token < requests; token++) {
            responder.onRequest(token, payload("ask"));
        }
        return responder;
    }

    private static ByteBuffer payload(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private SendResult answer(int request, String text) {
        return replies.get(request).send(payload(text));
    }

    @Test
    void repliesGivenInAnyOrderLeaveInTheOrderOfTheRequests() {
        inOrder(3);
        assertEquals(SendResult.ACCEPTED, answer(2, "c"));
        assertEquals(SendResult.ACCEPTED, answer(1, "b"));
        assertEquals(List.of(), outlet.frames());
        assertEquals(SendResult.ACCEPTED, answer(0, "a"));
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 0 b", "MESSAGE 0 c"), outlet.frames());
        assertEquals(0, outlet.unflushed());
    }

    @Test
    void repliesBehindOneThatIsStillWaitedForStayWhereTheyAre() {
        inOrder(3);
        answer(2, "c");
        answer(0, "a");
        assertEquals(List.of("MESSAGE 0 a"), outlet.frames());
        answer(1, "b");
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 0 b", "MESSAGE 0 c"), outlet.frames());
    }

    @Test
    void repliesWithTokensLeaveAsTheyAreGiven() {
        byToken(3);
        answer(2, "c");
        answer(0, "a");
        assertEquals(List.of("REPLY 2 c", "REPLY 0 a"), outlet.frames());
        assertEquals(0, outlet.unflushed());
    }

    @Test
    void replyThatIsKeptIsACopy() {
        inOrder(2);
        byte[] bytes = {'b'};
        ByteBuffer given = ByteBuffer.wrap(bytes);
        replies.get(1).send(given);
        bytes[0] = 'X';
        answer(0, "a");
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 0 b"), outlet.frames());
        assertEquals(0, given.position());
    }

    @Test
    void refusedReplyOfTheFirstInLineCanBeTriedAgain() {
        inOrder(2);
        outlet.refuse(true);
        assertEquals(SendResult.REFUSED, answer(0, "a"));
        assertFalse(replies.get(0).isAnswered());
        assertEquals(List.of("refused"), outlet.events());
        outlet.refuse(false);
        answer(1, "b");
        assertEquals(SendResult.ACCEPTED, answer(0, "again"));
        assertEquals(List.of("MESSAGE 0 again", "MESSAGE 0 b"), outlet.frames());
    }

    @Test
    void refusedReplyWithATokenCanBeTriedAgain() {
        Responder responder = byToken(1);
        outlet.refuse(true);
        assertEquals(SendResult.REFUSED, answer(0, "a"));
        assertFalse(responder.isIdle());
        outlet.refuse(false);
        assertEquals(SendResult.ACCEPTED, answer(0, "again"));
        assertEquals(List.of("REPLY 0 again"), outlet.frames());
    }

    @Test
    void errorThatFindsNoRoomClosesTheSession() {
        byToken(1);
        outlet.refuse(true);
        replies.get(0).fail(1000, "no");
        assertTrue(outlet.events().contains("close STALLED after 0"), () -> outlet.events()
                .toString());
    }

    @Test
    void keptReplyThatFindsNoRoomWaitsForTheReliefOfTheQueue() {
        Responder responder = inOrder(3);
        outlet.expectRelief();
        answer(1, "b");
        answer(2, "c");
        outlet.refuseAfter(1);
        answer(0, "a");
        assertEquals(List.of("MESSAGE 0 a"), outlet.frames());
        assertFalse(responder.isIdle());
        outlet.refuse(false);
        responder.resume();
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 0 b", "MESSAGE 0 c"), outlet.frames());
        assertTrue(responder.isIdle());
    }

    @Test
    void reliefThatComesWhileARefusalIsLookedAtIsNotMissed() throws Exception {
        Responder responder = inOrder(3);
        outlet.expectRelief();
        answer(1, "b");
        answer(2, "c");
        outlet.refuseAfter(1);
        Thread relief = new Thread(responder::resume);
        outlet.meanwhile(() -> {
            outlet.refuse(false);
            relief.start();
            await().until(() ->
                    EnumSet.of(Thread.State.BLOCKED, Thread.State.TERMINATED).contains(relief.getState()));
        });
        answer(0, "a");
        relief.join(20_000);
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 0 b", "MESSAGE 0 c"), outlet.frames());
        assertTrue(responder.isIdle());
    }

    @Test
    void reliefThatHasJustComeIsNotTakenForALackOfMemory() {
        Responder responder = inOrder(3);
        answer(1, "b");
        answer(2, "c");
        outlet.refuseAfter(1);
        outlet.meanwhile(() -> outlet.refuse(false));
        answer(0, "a");
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 0 b", "MESSAGE 0 c"), outlet.frames());
        assertTrue(responder.isIdle());
        assertFalse(outlet.events().toString().contains("close"), () -> outlet.events()
                .toString());
    }

    @Test
    void keptReplyThatFindsNoRoomWhenItsTurnComesClosesTheSession() {
        inOrder(3);
        answer(1, "b");
        answer(2, "c");
        outlet.refuseAfter(1);
        assertEquals(SendResult.ACCEPTED, answer(0, "a"));
        assertEquals(List.of("MESSAGE 0 a"), outlet.frames());
        assertTrue(outlet.events().contains("close STALLED after 1"), () -> outlet.events()
                .toString());
    }

    @Test
    void keptReplyThatCannotBeFramedIsRefusedToItsGiver() {
        inOrder(2);
        assertThrows(IllegalArgumentException.class, () -> answer(1, FakeOutlet.UNFIT));
        assertFalse(replies.get(1).isAnswered());
        answer(0, "a");
        assertEquals(List.of("MESSAGE 0 a"), outlet.frames());
    }

    @Test
    void replyThatCouldNotBeFramedMayBeGivenAgain() {
        inOrder(2);
        for (int late = 1; late >= 0; late--) {
            int request = late;
            assertThrows(IllegalArgumentException.class, () -> answer(request, FakeOutlet.UNFIT));
            assertEquals(SendResult.ACCEPTED, answer(request, "fit"));
        }
        assertEquals(List.of("MESSAGE 0 fit", "MESSAGE 0 fit"), outlet.frames());
        assertTrue(session.isOpen());
    }

    @Test
    void responderThatKeepsTooMuchIsFullUntilItHasLeft() {
        Responder responder = inOrder(2);
        assertFalse(responder.isFull());
        answer(1, "more than the limit of what is kept");
        assertTrue(responder.isFull());
        answer(0, "first");
        assertFalse(responder.isFull());
        assertEquals("answered, takes more", outlet.events().get(1));
    }

    @Test
    void keptRepliesThatHaveLeftNoLongerCountAgainstTheLimit() {
        Responder responder = inOrder(0);
        for (int round = 0; round < 20; round++) {
            replies.clear();
            responder.onRequest(0, payload("ask"));
            responder.onRequest(0, payload("ask"));
            assertEquals(SendResult.ACCEPTED, answer(1, "12345678"), "round " + round);
            assertEquals(SendResult.ACCEPTED, answer(0, "first"));
        }
    }

    @Test
    void errorInOrderClosesBehindTheEarlierReplies() {
        inOrder(3);
        assertEquals(SendResult.ACCEPTED, replies.get(1).fail(1000, "no"));
        assertTrue(session.isOpen());
        answer(0, "a");
        assertEquals(List.of("MESSAGE 0 a"), outlet.frames());
        assertTrue(outlet.events().contains("close LOCAL after 1"), () -> outlet.events()
                .toString());
    }

    @Test
    void replyBehindAnErrorInOrderIsNotSent() {
        inOrder(3);
        answer(2, "kept");
        replies.get(0).fail(1000, "no");
        assertEquals(SendResult.CLOSED, answer(1, "late"));
        assertEquals(List.of(), outlet.frames());
    }

    @Test
    void errorWithATokenLeavesAtOnceAndTheSessionLives() {
        byToken(2);
        assertEquals(SendResult.ACCEPTED, replies.get(1).fail(ErrorCode.LAST, "no"));
        assertEquals(List.of("ERROR 1 32767 no"), outlet.frames());
        assertEquals(0, outlet.unflushed());
        assertTrue(session.isOpen());
    }

    @Test
    void errorNumberThatDoesNotFitTheWireIsMisuseAndAnswersNothing() {
        byToken(1);
        assertThrows(IllegalArgumentException.class, () -> replies.get(0).fail(0, "no"));
        assertThrows(IllegalArgumentException.class, () -> replies.get(0).fail(ErrorCode.LAST + 1, "no"));
        assertFalse(replies.get(0).isAnswered());
    }

    @Test
    void secondAnswerIsMisuse() {
        for (Responder ignored : List.of(inOrder(2), byToken(2))) {
            for (Reply reply : replies) {
                if (!reply.isAnswered()) {
                    reply.send(payload("once"));
                }
                assertThrows(IllegalStateException.class, () -> reply.send(payload("twice")));
                assertThrows(IllegalStateException.class, () -> reply.fail(1000, "twice"));
            }
        }
        assertEquals(4, outlet.frames().size());
    }

    @Test
    void secondAnswerToAKeptReplyIsMisuse() {
        inOrder(2);
        answer(1, "once");
        assertTrue(replies.get(1).isAnswered());
        assertThrows(IllegalStateException.class, () -> answer(1, "twice"));
        answer(0, "a");
        assertEquals(List.of("MESSAGE 0 a", "MESSAGE 0 once"), outlet.frames());
    }

    @Test
    void handlerThatThrowsBeforeItAnswersIsAnsweredForWithAnError() {
        responder(true, 1, (from, request, reply) -> {
            throw new IllegalStateException("on purpose");
        });
        assertEquals(List.of("ERROR 0 3 the handler failed"), outlet.frames());
        assertEquals(List.of("onRequest threw IllegalStateException", "answered"), outlet.events());
        assertEquals(0, outlet.unflushed());
    }

    @Test
    void handlerThatThrowsWhereErrorsCannotBeSentClosesTheSession() {
        responder(false, 1, (from, request, reply) -> {
            throw new IllegalStateException("on purpose");
        });
        assertEquals(
                List.of("onRequest threw IllegalStateException", "close HANDLER after 0", "answered"), outlet.events());
    }

    @Test
    void handlerThatThrowsAfterItAnsweredIsOnlyReported() {
        for (boolean byToken : new boolean[] {true, false}) {
            responder(byToken, 1, (from, request, reply) -> {
                reply.send(payload("done"));
                throw new IllegalStateException("on purpose");
            });
        }
        assertEquals(List.of("REPLY 0 done", "MESSAGE 0 done"), outlet.frames());
        assertTrue(session.isOpen());
        assertEquals(2, Collections.frequency(outlet.events(), "onRequest threw IllegalStateException"));
    }

    @Test
    void handlerThatThrowsWhileAnotherThreadAnswersDoesNotHarmTheSession() {
        // The words of the throwable are asked for between the look at the reply and the error: the other thread's
        // time.
        responder(true, 1, (from, request, reply) -> {
            throw new IllegalStateException() {
                private static final long serialVersionUID = 1;

                @Override
                public String toString() {
                    if (!reply.isAnswered()) {
                        reply.send(payload("meanwhile"));
                    }
                    return "on purpose";
                }
            };
        });
        assertEquals(List.of("REPLY 0 meanwhile"), outlet.frames());
    }

    @Test
    void requestBeyondTheLimitIsAnsweredBusyAtOnce() {
        byToken(LIMIT + 1);
        assertEquals(LIMIT, replies.size());
        assertEquals(List.of("ERROR 3 1 3 requests are in progress on this connection"), outlet.frames());
        assertEquals(0, outlet.unflushed(), "the error was left lying");
    }

    @Test
    void answeredRequestMakesRoomForAnother() {
        Responder responder = byToken(LIMIT);
        answer(1, "done");
        responder.onRequest(9, payload("ask"));
        assertEquals(LIMIT + 1, replies.size());
        assertEquals(List.of("REPLY 1 done"), outlet.frames());
    }

    @Test
    void onlyInOrderCanAResponderBeFull() {
        assertTrue(inOrder(LIMIT).isFull());
        assertFalse(inOrder(LIMIT - 1).isFull());
        assertFalse(byToken(LIMIT).isFull());
    }

    @Test
    void answerThatEndsFullnessSaysSoOnce() {
        Responder responder = inOrder(LIMIT);
        answer(2, "c");
        assertTrue(responder.isFull(), "what is kept is still in progress");
        answer(0, "a");
        assertFalse(responder.isFull());
        answer(1, "b");
        assertEquals(List.of("answered", "answered, takes more", "answered"), outlet.events());
    }

    @Test
    void responderIsIdleWhenEverythingIsAnswered() {
        Responder responder = byToken(0);
        assertTrue(responder.isIdle());
        responder.onRequest(0, payload("ask"));
        responder.onRequest(1, payload("ask"));
        answer(1, "b");
        assertFalse(responder.isIdle());
        replies.get(0).fail(1000, "no");
        assertTrue(responder.isIdle());
    }

    @Test
    void replyAfterTheEndIsClosedAndCountsAsAnswered() {
        Responder responder = inOrder(2);
        session.close(CloseReason.of(CloseReason.Kind.LOCAL, "on purpose"));
        assertEquals(SendResult.CLOSED, answer(1, "b"));
        assertEquals(SendResult.CLOSED, answer(0, "a"));
        assertTrue(responder.isIdle());
        assertThrows(IllegalStateException.class, () -> answer(0, "twice"));
    }

    @Test
    void thousandRepliesOfManyThreadsLeaveInOrder() throws Exception {
        int requests = 1_000;
        List<Reply> open = new CopyOnWriteArrayList<>();
        Responder responder = new Responder(
                session.asSession(),
                outlet,
                new ServedRequests(
                        (from, request, reply) -> open.add(reply),
                        null,
                        false,
                        new ServedRequests.Limits(requests, Integer.MAX_VALUE, 0)));
        List<Integer> turns = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            responder.onRequest(0, payload("ask"));
            turns.add(i);
        }
        Collections.shuffle(turns, new Random(41));
        AtomicInteger next = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(6);
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 6; t++) {
            Thread thread = new Thread(() -> {
                try {
                    start.await();
                    int turn;
                    while ((turn = next.getAndIncrement()) < requests) {
                        int request = turns.get(turn);
                        open.get(request).send(payload(String.valueOf(request)));
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join(10_000);
            assertFalse(thread.isAlive());
        }
        assertEquals(List.of(), failures);
        assertEquals(
                IntStream.range(0, requests).mapToObj(i -> "MESSAGE 0 " + i).toList(), outlet.frames());
        assertTrue(responder.isIdle());
    }
}

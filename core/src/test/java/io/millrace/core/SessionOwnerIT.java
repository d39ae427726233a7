package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.internal.request.FutureReply;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a session tells whoever keeps it for requests, and what it refuses them. */
@Tag("engine")
class SessionOwnerIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final String GOAWAY = "00000004 06 0002 00";

    private final List<String> heard = new CopyOnWriteArrayList<>();

    /** Notes what it hears. */
    private final class Owner implements SessionOwner {
        @Override
        public void sessionOpened(TcpSession session) {
            heard.add("opened");
        }

        @Override
        public void sessionDraining(TcpSession session) {
            assertFalse(Thread.holdsLock(session));
            heard.add("draining, open " + session.isOpen());
        }

        @Override
        public void requestsOverdue(TcpSession session, int inARow) {
            heard.add("overdue " + inARow);
        }

        @Override
        public void sessionEnded(TcpSession session) {
            heard.add("ended");
        }
    }

    /** Keeps its outcomes. */
    private static final class Outcomes implements ReplyHandler {
        private final List<Object> all = new CopyOnWriteArrayList<>();

        @Override
        public void onReply(ByteBuffer reply) {
            all.add(reply.remaining());
        }

        @Override
        public void onFailure(TransportException failure) {
            all.add(failure);
        }
    }

    private Loopback start() throws Exception {
        return Loopback.builder()
                .protocol(Protocol.millrace())
                .asking()
                .observer(new Owner())
                .start();
    }

    private void awaitHeard(String... events) {
        await().untilAsserted(() -> assertEquals(List.of(events), heard));
    }

    private static @Nullable TransportException begin(Link link, ReplyHandler handler) {
        return link.session().begin(ByteBuffer.allocate(4), LONG.toNanos(), handler);
    }

    private static NotSentException refused(Link link) {
        Outcomes outcomes = new Outcomes();
        NotSentException refusal = assertInstanceOf(NotSentException.class, begin(link, outcomes));
        assertEquals(List.of(), outcomes.all, "the handler was told, too");
        assertFalse(refusal.maybeSent());
        return refusal;
    }

    private static void expectDraining(Link link) {
        String message = refused(link).getMessage();
        assertTrue(message.endsWith(" is draining and begins no requests"), message);
    }

    @Test
    void drainNoticeOfThePeerIsToldWhileTheSessionIsOpenAndNothingNewBegins() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            FutureReply inFlight = new FutureReply();
            assertNull(begin(link, inFlight));
            link.peer().readFrame();
            Hex.send(link.peer(), GOAWAY + GOAWAY);
            awaitHeard("opened", "draining, open true");
            expectDraining(link);
            assertEquals(1, link.session().pendingRequests());
            assertFalse(inFlight.isDone());
            link.session().abort();
            awaitHeard("opened", "draining, open true", "ended");
        }
    }

    @Test
    void ownDrainIsToldWhileTheSessionIsOpen() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            FutureReply inFlight = new FutureReply();
            assertNull(begin(link, inFlight));
            link.session().drain();
            expectDraining(link);
            awaitHeard("opened", "draining, open true");
            assertEquals(1, link.session().pendingRequests());
        }
    }

    @Test
    void cancelOfTheLastRequestFinishesTheDrain() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            FutureReply inFlight = new FutureReply();
            assertNull(begin(link, inFlight));
            link.peer().readFrame();
            Hex.send(link.peer(), GOAWAY);
            awaitHeard("opened", "draining, open true");
            assertTrue(inFlight.cancel(false));
            assertEquals(0, link.session().pendingRequests());
            link.peer().expectEndOfStream();
            link.peer().close();
            awaitHeard("opened", "draining, open true", "ended");
        }
    }

    @Test
    void closeAndAbortAreToldBeforeTheEnd() throws Exception {
        try (Loopback loopback = start()) {
            Link closed = loopback.open();
            closed.session().close();
            SessionClosedException late = assertInstanceOf(SessionClosedException.class, begin(closed, new Outcomes()));
            assertFalse(late.maybeSent());
            closed.peer().close();
            awaitHeard("opened", "draining, open false", "ended");
            heard.clear();
            loopback.open().session().abort();
            awaitHeard("opened", "draining, open false", "ended");
        }
    }

    @Test
    void outputThatIsShutIsToldAndNothingBegins() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            link.session().shutdownOutput();
            TransportException late = begin(link, new Outcomes());
            assertNotNull(late);
            assertFalse(late.maybeSent());
            awaitHeard("opened", "draining, open true");
        }
    }

    @Test
    void requestBegunAfterThePeerHasFinishedIsRefusedThoughTheSessionStaysOpen() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .asking()
                .config(SessionConfig.builder().halfClose(true).build())
                .observer(new Owner())
                .start()) {
            Link link = loopback.open();
            FutureReply inFlight = new FutureReply();
            assertNull(begin(link, inFlight));
            link.peer().closeOutput();
            awaitHeard("opened", "draining, open true");
            assertTrue(inFlight.isCompletedExceptionally());
            CompletableFuture<ByteBuffer> late = link.session().request(ByteBuffer.allocate(4), LONG);
            assertTrue(late.isCompletedExceptionally(), "no reply can come, so nobody may wait for one");
            assertEquals(0, link.session().pendingRequests());
        }
    }

    @Test
    void overdueRequestsInARowAreToldAndAReplyEndsTheRow() throws Exception {
        ManualClock clock = new ManualClock();
        try (Loopback loopback = Loopback.builder()
                .clock(clock)
                .protocol(Protocol.millrace())
                .asking()
                .observer(new Owner())
                .start()) {
            Link link = loopback.open();
            Duration second = Duration.ofSeconds(1);
            CompletableFuture<ByteBuffer> first = link.session().request(ByteBuffer.allocate(4), second);
            clock.advance(second.plusMillis(50));
            awaitHeard("opened", "overdue 1");
            assertTrue(first.isCompletedExceptionally(), "its failure comes first");
            Outcomes second2 = new Outcomes();
            link.session().request(ByteBuffer.allocate(4), second, second2);
            link.session().request(ByteBuffer.allocate(4), second, second2);
            clock.advance(second.plusMillis(50));
            await().until(() -> heard.contains("overdue 3"));
            assertEquals(2, second2.all.size());
            link.peer().readFrame();
            byte[] late = link.peer().readFrame();
            late[0] = 2;
            link.peer().sendFrame(late);
            await().until(() -> link.session().stats().messagesReceived() == 1);
            link.session().request(ByteBuffer.allocate(4), second);
            clock.advance(second.plusMillis(50));
            await().until(() -> heard.get(heard.size() - 1).equals("overdue 1"));
        }
    }

    @Test
    void requestBeyondTheLimitOfTheTableIsRefusedAndLeavesNothing() throws Exception {
        try (Loopback loopback = start()) {
            Link link = loopback.open();
            int limit = 16_384;
            for (int i = 0; i < limit; i++) {
                assertNull(begin(link, new FutureReply()));
            }
            assertEquals(limit, link.session().pendingRequests());
            assertTrue(refused(link).getMessage().contains("is " + limit), "the limit is named");
            assertEquals(limit, link.session().pendingRequests());
            CompletableFuture<ByteBuffer> told = link.session().request(ByteBuffer.allocate(4), LONG);
            assertTrue(told.isCompletedExceptionally());
            link.session().abort();
            await().atMost(10, TimeUnit.SECONDS).until(() -> link.session().pendingRequests() == 0);
        }
    }

    @Test
    void requestThatFindsNoRoomInTheQueueIsRefusedAndLeavesNothing() throws Exception {
        SessionConfig narrow = SessionConfig.builder()
                .sendMarks(0, 1_000)
                .sendLimit(1_000)
                .sendOverflow(SendOverflowPolicy.REFUSE)
                .build();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .asking()
                .config(narrow)
                .socketBuffers(8 << 10)
                .start()) {
            Link link = loopback.open();
            Outcomes outcomes = new Outcomes();
            int begun = 0;
            TransportException refusal = null;
            while (refusal == null) {
                refusal = link.session().begin(ByteBuffer.allocate(64 << 10), LONG.toNanos(), outcomes);
                begun += refusal == null ? 1 : 0;
            }
            assertInstanceOf(NotSentException.class, refusal);
            assertEquals(begun, link.session().pendingRequests());
            assertEquals(List.of(), outcomes.all);
        }
    }
}

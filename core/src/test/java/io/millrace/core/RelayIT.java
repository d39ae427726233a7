package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.Permutation;
import io.millrace.testing.RawPeer;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A session that passes messages on reads no faster than they leave, and never waits for a relief that has been. */
@Tag("engine")
class RelayIT {
    private static final int KIB = 1 << 10;
    private static final SessionConfig SHORT_QUEUE = SessionConfig.builder()
            .sendMarks(4 * KIB, 8 * KIB)
            .sendLimit(1_024 * KIB)
            .sendOverflow(SendOverflowPolicy.REFUSE)
            .build();

    /** Passes on what a session receives to the one that is attached to it. */
    private static class Relay implements MessageHandler {
        final Semaphore relieved = new Semaphore(0);
        final Semaphore passedOn = new Semaphore(0);

        @Override
        public void onMessage(Session source, ByteBuffer message) throws Exception {
            Session target = (Session) source.attachment();
            if (target != null && target.send(message) != SendResult.ACCEPTED) {
                congested(source, target);
            }
            passedOn.release();
        }

        void congested(Session source, Session target) throws Exception {
            source.pauseReadingUntilWritable(target);
            source.pauseReadingUntilWritable(target);
        }

        @Override
        public void onWritable(Session session) {
            relieved.release();
        }
    }

    private static Link open(Loopback loopback, Link... targets) throws Exception {
        Link link = loopback.open();
        if (targets.length > 0) {
            link.session().attach(targets[0].session());
        }
        return link;
    }

    private static Loopback start(Loopback.Builder builder, Relay relay) throws Exception {
        return builder.config(SHORT_QUEUE).socketBuffers(8 * KIB).handler(relay).start();
    }

    /** Fills the queue of a session at once, so that it is not short again before its peer has read. */
    private static void fill(Link target) {
        assertEquals(SendResult.CONGESTED, target.session().send(new byte[2_048 * KIB]));
    }

    private static void drain(Link target) throws Exception {
        assertEquals(2_048 * KIB, target.peer().readFrame().length);
    }

    private static void await(Semaphore event) throws InterruptedException {
        assertTrue(event.tryAcquire(10, TimeUnit.SECONDS));
    }

    /** Gives the session every chance to deliver what it must not. */
    private static void expectHeld(Loopback loopback, Link source, int messages) throws Exception {
        for (int i = 0; i < 20; i++) {
            CountDownLatch passed = new CountDownLatch(1);
            loopback.runtime().execute(passed::countDown);
            assertTrue(passed.await(10, TimeUnit.SECONDS));
        }
        assertEquals(messages, source.recording().messages().size());
    }

    @Test
    void reliefBetweenTheSendAndThePauseIsNotLost() throws Exception {
        CountDownLatch answered = new CountDownLatch(1);
        Relay relay = new Relay() {
            @Override
            void congested(Session source, Session target) throws Exception {
                answered.countDown();
                // on another thread, the queue becomes short and onWritable has been
                RelayIT.await(relieved);
                super.congested(source, target);
            }
        };
        try (Loopback loopback = start(Loopback.builder().threads(2), relay)) {
            Link target = open(loopback);
            Link source = open(loopback, target);
            fill(target);
            source.peer().sendFrame((byte) 1);
            assertTrue(answered.await(10, TimeUnit.SECONDS));
            drain(target);
            source.peer().sendFrame((byte) 2);
            source.recording().awaitMessages(2);
        }
    }

    @Permutation.Each
    void sourceReadsOnWhenTheTargetTakesMore(Permutation how) throws Exception {
        Relay relay = new Relay();
        try (Loopback loopback = start(how.loopback(), relay)) {
            Link target = open(loopback);
            Link source = open(loopback, target);
            fill(target);
            source.peer().send(new byte[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 2});
            await(relay.passedOn);
            expectHeld(loopback, source, 1);
            drain(target);
            source.recording().awaitMessages(2);
        }
    }

    @Permutation.Each
    void sourceReadsOnWhenTheTargetHasEndedAndItsHandlerKnows(Permutation how) throws Exception {
        List<String> events = new CopyOnWriteArrayList<>();
        Relay relay = new Relay() {
            @Override
            public void onMessage(Session source, ByteBuffer message) throws Exception {
                events.add("message " + message.get(message.position()));
                super.onMessage(source, message);
            }

            @Override
            public void onClose(Session session, CloseReason reason) {
                if (session.attachment() == null) {
                    events.add("end of the target");
                }
            }
        };
        try (Loopback loopback = start(how.loopback(), relay)) {
            Link target = open(loopback);
            Link source = open(loopback, target);
            fill(target);
            source.peer().send(new byte[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 2, 0, 0, 0, 1, 3});
            await(relay.passedOn);
            expectHeld(loopback, source, 1);
            target.session().abort();
            await(relay.passedOn);
            await(relay.passedOn);
            assertEquals(List.of("message 1", "end of the target", "message 2", "message 3"), events);
        }
    }

    @Test
    void pauseOfTheApplicationsAndAWaitDoNotEndEachOther() throws Exception {
        Relay relay = new Relay();
        try (Loopback loopback = start(Loopback.builder(), relay)) {
            Link target = open(loopback);
            Link source = open(loopback, target);
            fill(target);
            source.peer().send(new byte[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 2});
            await(relay.passedOn);
            source.session().pauseReading();
            source.session().resumeReading();
            expectHeld(loopback, source, 1);
            source.session().pauseReading();
            drain(target);
            await(relay.relieved);
            expectHeld(loopback, source, 1);
            source.session().resumeReading();
            source.recording().awaitMessages(2);
        }
    }

    @Test
    void sourceWaitsForEachOfItsTargetsAndTargetForNone() throws Exception {
        Relay relay = new Relay();
        try (Loopback loopback = start(Loopback.builder(), relay)) {
            Link first = open(loopback);
            Link second = open(loopback);
            Link source = open(loopback, first);
            Link other = open(loopback, first);
            fill(first);
            fill(second);
            source.session().pauseReadingUntilWritable(second.session());
            source.session().pauseReadingUntilWritable(first.session());
            other.session().pauseReadingUntilWritable(first.session());
            source.peer().sendFrame((byte) 1);
            other.peer().sendFrame((byte) 1);
            drain(first);
            other.recording().awaitMessages(1);
            expectHeld(loopback, source, 0);
            drain(second);
            source.recording().awaitMessages(1);
        }
    }

    @Permutation.Each
    void sourceThatWaitsCanBeClosedAndNothingIsLeftOfIt(Permutation how) throws Exception {
        Relay relay = new Relay();
        try (Loopback loopback = start(how.loopback(), relay)) {
            Link target = open(loopback);
            fill(target);
            for (boolean abort : new boolean[] {true, false}) {
                Link source = open(loopback, target);
                source.session().pauseReadingUntilWritable(target.session());
                if (abort) {
                    source.session().abort();
                } else {
                    source.session().close();
                    source.peer().close();
                }
                source.recording().awaitClose();
                source.session().closed().get(10, TimeUnit.SECONDS);
                source.session().pauseReadingUntilWritable(target.session());
            }
            drain(target);
            await(relay.relieved);
        }
    }

    @Test
    void waitForATargetThatTakesMoreOrHasEndedIsNone() throws Exception {
        Relay relay = new Relay();
        try (Loopback loopback = start(Loopback.builder(), relay)) {
            Link source = open(loopback);
            Link target = open(loopback);
            source.session().pauseReadingUntilWritable(target.session());
            source.peer().sendFrame((byte) 1);
            source.recording().awaitMessages(1);
            fill(target);
            target.session().abort();
            target.session().closed().get(10, TimeUnit.SECONDS);
            source.session().pauseReadingUntilWritable(target.session());
            source.peer().sendFrame((byte) 2);
            source.recording().awaitMessages(2);
        }
    }

    @Test
    void sessionOfTheApplicationsOwnMakingIsRefused() throws Exception {
        Session foreign = (Session) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Session.class}, (proxy, method, args) -> "mine");
        try (Loopback loopback = start(Loopback.builder(), new Relay())) {
            Session source = open(loopback).session();
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> source.pauseReadingUntilWritable(foreign));
            assertTrue(String.valueOf(refused.getMessage()).startsWith("target is mine; "), refused::toString);
        }
    }

    @Permutation.Each
    void whatIsPassedOnFromManyToOneAllArrives(Permutation how) throws Exception {
        int messages = 400;
        int sources = 4;
        CountDownLatch lost = new CountDownLatch(1);
        Relay relay = new Relay() {
            @Override
            public void onMessage(Session source, ByteBuffer message) {
                Session target = (Session) source.attachment();
                SendResult result = target.send(message);
                if (!result.isAccepted()) {
                    lost.countDown();
                } else if (result == SendResult.CONGESTED) {
                    source.pauseReadingUntilWritable(target);
                }
            }
        };
        try (Loopback loopback = start(how.loopback(), relay)) {
            Link target = open(loopback);
            CompletableFuture<?>[] sent = new CompletableFuture<?>[sources];
            for (int s = 0; s < sources; s++) {
                ByteBuffer stream = ByteBuffer.allocate(messages * (KIB + Integer.BYTES));
                for (int i = 0; i < messages; i++) {
                    stream.put(RawPeer.frame(new byte[KIB]));
                }
                sent[s] = open(loopback, target).peer().sendMeanwhile(stream.array());
            }
            for (int i = 0; i < sources * messages; i++) {
                assertNotEquals(0, target.peer().readFrame().length);
            }
            CompletableFuture.allOf(sent).get(10, TimeUnit.SECONDS);
            assertFalse(lost.await(0, TimeUnit.SECONDS));
        }
    }
}

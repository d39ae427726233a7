package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.Oracle;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("engine")
class SessionCloseIT {
    private static final MessageHandler IGNORE = (session, message) -> {};
    private static final MessageHandler TEN_MIB_THEN_CLOSE = (session, message) -> {
        for (int i = 0; i < 10; i++) {
            session.send(new byte[1 << 20]);
        }
        session.close();
    };

    private static SessionConfig roomForTwentyMiB() {
        return SessionConfig.builder()
                .sendMarks(0, 20 << 20)
                .sendLimit(20 << 20)
                .build();
    }

    private static MessageHandler callingOnOpen(Consumer<Session> call) {
        return new MessageHandler() {
            @Override
            public void onOpen(Session session) {
                call.accept(session);
            }

            @Override
            public void onMessage(Session session, ByteBuffer message) {
                throw new AssertionError("a message after the end");
            }
        };
    }

    @Test
    void closeFromOnOpenEndsTheSession() throws Exception {
        try (Loopback loopback = Loopback.of(callingOnOpen(session -> {
            session.send(new byte[] {1});
            session.close();
        }))) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 5);
            assertArrayEquals(new byte[] {1}, link.peer().readFrame());
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
        }
    }

    @Test
    void abortFromOnOpenEndsTheSession() throws Exception {
        try (Loopback loopback = Loopback.of(callingOnOpen(Session::abort))) {
            Link link = loopback.open();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
            assertEquals(List.of("onOpen", "onClose"), link.recording().events());
        }
    }

    @Test
    void closeFromOnMessageSendsTheReplyAndDeliversNothingMore() throws Exception {
        try (Loopback loopback = Loopback.of((session, message) -> {
            session.send(message);
            session.close();
            assertEquals(SendResult.CLOSED, session.send(new byte[] {9}));
        })) {
            Link link = loopback.open();
            link.peer().send(new byte[] {0, 0, 0, 1, 7, 0, 0, 0, 1, 8});
            assertArrayEquals(new byte[] {7}, link.peer().readFrame());
            link.peer().expectEndOfStream();
            link.peer().close();
            link.recording().awaitClose();
            assertEquals(
                    List.of("onOpen", "onMessage", "onClose"), link.recording().events());
        }
    }

    @Test
    void abortFromOnMessageEndsTheSessionAtOnce() throws Exception {
        try (Loopback loopback = Loopback.of((session, message) -> {
            session.send(message);
            session.abort();
        })) {
            Link link = loopback.open();
            link.peer().send(new byte[] {0, 0, 0, 1, 7, 0, 0, 0, 1, 8});
            CloseReason reason = link.recording().awaitClose();
            assertEquals("abort() was called", reason.detail());
            assertEquals(
                    List.of("onOpen", "onMessage", "onClose"), link.recording().events());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void hundredThreadsThatCloseAtOnceEndTheSessionOnce(boolean abort) throws Exception {
        try (Loopback loopback = Loopback.of(IGNORE)) {
            Link link = loopback.open();
            CyclicBarrier together = new CyclicBarrier(100);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                boolean aborts = abort || i % 10 == 9;
                Thread thread = new Thread(() -> {
                    try {
                        together.await();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                    if (aborts) {
                        link.session().abort();
                    } else {
                        link.session().close();
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            link.session().close();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
            loopback.awaitEnded();
            link.session().close();
            link.session().abort();
            assertEquals(List.of("onOpen", "onClose"), link.recording().events());
        }
    }

    @Test
    void endedSessionAnswersClosedAndKeepsItsAddresses() throws Exception {
        try (Loopback loopback = Loopback.of(IGNORE)) {
            Link link = loopback.open();
            Session session = link.session();
            assertTrue(session.isOpen());
            assertNull(session.closeReason());
            session.attach("mine");
            session.abort();
            loopback.awaitEnded();
            assertFalse(session.isOpen());
            assertEquals(SendResult.CLOSED, session.send(new byte[1]));
            assertEquals(link.peer().localAddress(), session.remoteAddress());
            assertTrue(session.toString().startsWith("session=" + session.id() + " remote=/127.0.0.1:"));
            assertTrue(session.localAddress().getPort() > 0);
            assertEquals("mine", session.attachment());
            assertEquals(0, session.queuedBytes());
            assertEquals(link.recording().awaitClose(), session.closeReason());
        }
    }

    @Test
    void sessionClosedBeforeItsPeerSaysAnythingLetsThePeerEnd() throws Exception {
        try (Loopback loopback = Loopback.of(IGNORE)) {
            Link link = loopback.open();
            link.session().close();
            link.peer().expectEndOfStream();
            assertEquals(
                    0,
                    link.recording().events().stream().filter("onClose"::equals).count(),
                    "it lingers");
            link.peer().close();
            assertEquals("close() was called", link.recording().awaitClose().detail());
        }
    }

    @Test
    void peerThatKeepsItsSideOpenIsCutOffAfterLingering() throws Exception {
        try (Loopback loopback = Loopback.of(IGNORE)) {
            Link link = loopback.open();
            link.session().close();
            link.peer().expectEndOfStream();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
        }
    }

    @Test
    void gracefulCloseSendsTenMiBThatAreQueued() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .config(roomForTwentyMiB())
                .handler(TEN_MIB_THEN_CLOSE)
                .socketBuffers(16 << 10)
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            for (int i = 0; i < 10; i++) {
                assertEquals(1 << 20, link.peer().readFrame().length);
            }
            link.peer().expectEndOfStream();
            link.peer().sendFrame((byte) 2);
            link.peer().close();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
        }
    }

    @Test
    void gracefulCloseWithUnreadInputDoesNotResetTheLastReply() throws Exception {
        for (int round = 0; round < 20; round++) {
            try (Loopback loopback = Loopback.of((session, message) -> {
                session.send(message);
                session.close();
            })) {
                Link link = loopback.open();
                byte[] input = new byte[4 + 1_000 + 40_000];
                ByteBuffer.wrap(input).putInt(1_000);
                link.peer().sendMeanwhile(input).join();
                assertEquals(1_000, link.peer().readFrame().length);
                link.peer().expectEndOfStream();
                link.peer().close();
                assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
            }
        }
    }

    @Test
    void abortWithReadAndWriteInFlightGivesEverythingBack() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .config(roomForTwentyMiB())
                .socketBuffers(16 << 10)
                .handler(IGNORE)
                .start()) {
            for (int i = 0; i < 50; i++) {
                Link link = loopback.open();
                assertTrue(link.session().send(new byte[1 << 20]).isAccepted());
                link.session().abort();
                assertEquals("abort() was called", link.recording().awaitClose().detail());
            }
            loopback.awaitEnded();
            assertEquals(0, loopback.stats().buffersLeased());
        }
    }

    @Test
    void manySessionsThatEndAtOnceLeaveNothingBehind() throws Exception {
        int before = Oracle.openDescriptors().orElse(0);
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            List<Link> links = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                links.add(loopback.open());
            }
            for (Link link : links) {
                link.peer().sendFrame((byte) 1);
            }
            for (int i = 0; i < links.size(); i++) {
                Link link = links.get(i);
                switch (i % 4) {
                    case 0 -> link.session().close();
                    case 1 -> link.session().abort();
                    case 2 -> link.peer().reset();
                    default -> link.peer().close();
                }
                link.peer().close();
            }
            loopback.awaitEnded();
            assertEquals(0, loopback.stats().contextsLeased());
        }
        Awaitility.await().until(() -> Oracle.openDescriptors().orElse(0) <= before);
    }

    @Test
    void sessionThatCannotHaveContextsLeavesNothingBehind() throws Exception {
        try (Loopback loopback = Loopback.builder().maxSessions(1).start()) {
            Link link = loopback.open();
            TransportException refused = assertThrows(TransportException.class, loopback::open);
            assertTrue(String.valueOf(refused.getMessage()).contains("maxSessions"), refused.getMessage());
            assertEquals(2, loopback.stats().contextsLeased());
            assertEquals(1, loopback.stats().buffersLeased());
            link.session().abort();
            loopback.awaitEnded();
            loopback.open().peer().sendFrame((byte) 1);
        }
    }

    @Test
    void closeFromOneSessionsCallbackEndsAnotherOutsideIt() throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        Session[] other = new Session[1];
        try (Loopback loopback = Loopback.of((session, message) -> {
            other[0].abort();
            left.countDown();
        })) {
            Link second = loopback.open();
            other[0] = second.session();
            Link first = loopback.open();
            first.peer().sendFrame((byte) 1);
            assertTrue(left.await(10, TimeUnit.SECONDS));
            assertEquals(Kind.LOCAL, second.recording().awaitClose().kind());
            assertTrue(first.session().isOpen());
        }
    }

    @Test
    void gracefulCloseOfAClientReadsOnUntilItsQueueIsSent() throws Exception {
        int messages = 512;
        try (Loopback loopback = Loopback.builder()
                .client()
                .config(SessionConfig.builder()
                        .sendMarks(0, 20 << 20)
                        .sendLimit(20 << 20)
                        .writeProgressTimeout(Duration.ofSeconds(2))
                        .build())
                .handler(IGNORE)
                .socketBuffers(4 << 10)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < messages; i++) {
                assertTrue(link.session().send(new byte[4 << 10]).isAccepted());
            }
            link.session().close();
            for (int i = 0; i < messages; i++) {
                // a blocking echo server: it does not read on before its reply is written
                link.peer().sendFrame(link.peer().readFrame());
            }
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.LOCAL, link.recording().awaitClose().kind());
        }
    }
}

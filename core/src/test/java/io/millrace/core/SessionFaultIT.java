package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.millrace.core.CloseReason.Kind;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Handlers that throw. */
@Tag("engine")
class SessionFaultIT {
    static Stream<Throwable> thrown() {
        return Stream.of(
                new IllegalStateException("on purpose"),
                new AssertionError("on purpose"),
                new StackOverflowError("on purpose"),
                new OutOfMemoryError("on purpose"),
                new IOException("on purpose"));
    }

    private static final class Throwing implements MessageHandler {
        private final String where;
        private final Throwable what;

        Throwing(String where, Throwable what) {
            this.where = where;
            this.what = what;
        }

        private void in(String callback) {
            if (callback.equals(where)) {
                sneak(what);
            }
        }

        @SuppressWarnings("unchecked")
        private static <T extends Throwable> void sneak(Throwable what) throws T {
            throw (T) what;
        }

        @Override
        public void onOpen(Session session) {
            in("onOpen");
        }

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            session.send(message);
            in("onMessage");
        }

        @Override
        public void onClose(Session session, CloseReason reason) {
            in("onClose");
        }
    }

    private static void expectAlive(Loopback loopback, List<String> threadsBefore, Link bystander) throws Exception {
        bystander.peer().sendFrame((byte) 3);
        assertArrayEquals(new byte[] {3}, bystander.peer().readFrame());
        assertEquals(Set.copyOf(threadsBefore), Set.copyOf(loopback.ioThreads()), "an I/O thread has died");
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void throwFromOnMessageSendsWhatIsQueuedAndClosesWithHandler(Throwable what) throws Exception {
        try (Loopback loopback = Loopback.of(new Throwing("onMessage", what))) {
            List<String> threads = loopback.ioThreads();
            Link bystander = loopback.openBystander();
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            assertArrayEquals(new byte[] {1}, link.peer().readFrame());
            link.peer().expectEndOfStream();
            link.peer().close();
            expectHandler(link, loopback, "onMessage", what);
            expectAlive(loopback, threads, bystander);
        }
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void throwFromOnOpenClosesWithHandler(Throwable what) throws Exception {
        try (Loopback loopback = Loopback.of(new Throwing("onOpen", what))) {
            List<String> threads = loopback.ioThreads();
            Link bystander = loopback.openBystander();
            Link link = loopback.open();
            link.peer().expectEndOfStream();
            link.peer().close();
            expectHandler(link, loopback, "onOpen", what);
            expectAlive(loopback, threads, bystander);
        }
    }

    private static void expectHandler(Link link, Loopback loopback, String callback, Throwable what) {
        CloseReason reason = link.recording().awaitClose();
        assertEquals(Kind.HANDLER, reason.kind());
        assertSame(what, reason.cause());
        assertEquals(callback + " threw " + what, reason.detail());
        String level = what instanceof Error ? "ERROR " : "WARN ";
        assertEquals(
                List.of(level + callback + " threw; " + link.session()),
                loopback.log().lines());
        loopback.log().clear();
    }

    @ParameterizedTest
    @MethodSource("thrown")
    void throwFromOnCloseIsLoggedAndGivesEverythingBack(Throwable what) throws Exception {
        try (Loopback loopback = Loopback.of(new Throwing("onClose", what))) {
            List<String> threads = loopback.ioThreads();
            Link bystander = loopback.openBystander();
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().readFrame();
            link.peer().close();
            assertEquals(Kind.PEER, link.recording().awaitClose().kind());
            Awaitility.await().until(() -> loopback.stats().contextsLeased() == 2);
            assertEquals(
                    List.of((what instanceof Error ? "ERROR" : "WARN") + " onClose threw; " + link.session()),
                    loopback.log().lines());
            loopback.log().clear();
            expectAlive(loopback, threads, bystander);
        }
    }

    @Test
    void threadsSurviveHundredsOfThrowsOfAllKinds() throws Exception {
        try (Loopback loopback = Loopback.of((session, message) -> {
            Throwing.sneak(thrown().toList().get(message.get() % 5));
        })) {
            List<String> threads = loopback.ioThreads();
            Link bystander = loopback.openBystander();
            for (int i = 0; i < 300; i++) {
                Link link = loopback.open();
                link.peer().sendFrame((byte) (i % 5));
                link.peer().expectEndOfStream();
                link.peer().close();
            }
            expectAlive(loopback, threads, bystander);
            bystander.peer().close();
            loopback.awaitEnded();
            assertEquals(10, loopback.log().lines().size(), "enough to notice, too few to fill a disk");
            loopback.log().clear();
        }
    }
}

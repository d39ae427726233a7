package io.millrace.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** R01: the oracle itself sees what it is there to see. */
class WatchedIT {
    private static final long SOON = 20_000_000;

    private static String complaint(Watched watched) {
        return String.valueOf(assertThrows(AssertionError.class, () -> watched.end(true, SOON))
                .getMessage());
    }

    @Test
    void cleanTestPasses() throws Exception {
        Watched watched = Watched.begin("clean");
        try (ServerSocket closedAgain = new ServerSocket(0);
                IoGroup group = IoGroup.start()) {
            assertTrue(closedAgain.isBound());
            assertEquals(0, group.stats().contextsLeased());
        }
        watched.end(true, Watched.WAIT_NANOS);
    }

    @Test
    void socketLeftIsNamed() throws Exception {
        Watched watched = Watched.begin("socket");
        try (ServerSocket left = new ServerSocket(0)) {
            assertTrue(complaint(watched).startsWith("descriptors left: [socket:["), left::toString);
        }
    }

    @Test
    void groupLeftIsNamedWithItsThreads() throws Exception {
        Watched watched = Watched.begin("group");
        try (IoGroup left = IoGroup.builder().name("left-behind").start()) {
            String complaint = complaint(watched);
            assertTrue(complaint.contains("left-behind-io-1"), complaint);
            assertTrue(complaint.contains("left-behind-timer"), complaint);
            assertTrue(complaint.contains("descriptors left: [anon_inode"), left + complaint);
        }
    }

    @Test
    void uncaughtExceptionIsToldToTheTestThatRuns() throws Exception {
        Watched watched = Watched.begin("uncaught");
        Thread dying = new Thread(
                () -> {
                    throw new IllegalStateException("on purpose: the oracle must see it");
                },
                "dying");
        dying.start();
        dying.join();
        assertTrue(complaint(watched).contains("uncaught in dying: java.lang.IllegalStateException: on purpose"));
    }

    @Test
    void warningThatNobodyCapturesIsAComplaint() throws Exception {
        Watched watched = Watched.begin("warning");
        LoggerFactory.getLogger("io.millrace.testing").warn("on purpose: the oracle must see it");
        assertEquals("logged: WARN on purpose: the oracle must see it", complaint(watched));
        Watched judged = Watched.begin("captured");
        try (CapturedLog log = new CapturedLog()) {
            LoggerFactory.getLogger("io.millrace.core.Test").info("on purpose");
            assertEquals(1, log.lines().size());
        }
        judged.end(true, SOON);
    }

    @Test
    void testsThatOverlapAreNotJudgedByWhatTheyShare() throws Exception {
        Watched one = Watched.begin("one");
        Watched other = Watched.begin("other");
        try (ServerSocket open = new ServerSocket(0)) {
            assertTrue(open.isBound());
            one.end(true, SOON);
            other.end(true, SOON);
        }
    }
}

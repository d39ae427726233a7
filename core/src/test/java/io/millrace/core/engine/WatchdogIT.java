package io.millrace.core.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.ManualClock;
import io.millrace.testing.Oracle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class WatchdogIT {
    private static final Duration BLOCKED = Duration.ofMillis(40);
    // a thread that others keep from running looks as one that is blocked, and is
    private static final Duration FAR_BEYOND_A_TIME_SLICE = Duration.ofMillis(800);

    private static IoGroup group(String name, int threads, Duration blocked) throws Exception {
        return IoGroup.builder()
                .name(name)
                .threads(threads)
                .blockedThreadTimeout(blocked)
                .start();
    }

    /** Where the stacks of blocked threads are, in the tests below. */
    private static void blockHere(CountDownLatch entered, CountDownLatch leave) {
        entered.countDown();
        try {
            assertTrue(leave.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitLine(CapturedLog log, String part, int count) {
        Awaitility.await("a line with " + part)
                .until(() ->
                        log.lines().stream().filter(line -> line.contains(part)).count() == count);
    }

    @Test
    void allThreadsThatAreBlockedAreNamedOnceAndAgainWhenTheyAreFree() throws Exception {
        try (CapturedLog log = new CapturedLog();
                IoGroup group = group("watch-a", 2, BLOCKED)) {
            CountDownLatch entered = new CountDownLatch(2);
            CountDownLatch leave = new CountDownLatch(1);
            IoRuntime runtime = GroupAccess.runtimeOf(group);
            for (int i = 0; i < 2; i++) {
                // each from a thread of its own wake-up, so that the second does not wait behind the first
                CountDownLatch one = new CountDownLatch(1);
                runtime.execute(() -> {
                    one.countDown();
                    blockHere(entered, leave);
                });
                assertTrue(one.await(10, TimeUnit.SECONDS));
            }
            assertTrue(entered.await(10, TimeUnit.SECONDS));

            awaitLine(log, "I/O thread is held by a callback", 2);
            List<String> lines = log.lines();
            for (String name : Oracle.liveThreads("watch-a-io-")) {
                assertTrue(lines.stream().anyMatch(line -> line.contains("thread=" + name + " ")), lines.toString());
            }
            assertTrue(lines.stream().anyMatch(line -> line.endsWith("blocked=2 of=2")), lines.toString());
            assertTrue(
                    log.stacks().stream().allMatch(stack -> stack.contains("blockHere")),
                    log.stacks().toString());
            assertEquals(2, group.stats().blockedThreads());
            assertEquals(2, group.stats().blockedIncidents());

            leave.countDown();
            awaitLine(log, "I/O thread is free again", 2);
            Awaitility.await().until(() -> group.stats().blockedThreads() == 0);
            assertEquals(4, log.lines().size(), log.lines().toString());
        }
    }

    @Test
    void timeInWhichTheWholeProcessStoodStillIsNobodysFault() throws Exception {
        ManualClock clock = new ManualClock();
        IoGroup.Builder builder = IoGroup.builder().threads(1).blockedThreadTimeout(Duration.ofSeconds(5));
        GroupAccess.setClock(builder, clock);
        try (CapturedLog log = new CapturedLog();
                IoGroup group = builder.start()) {
            IoRuntime runtime = GroupAccess.runtimeOf(group);
            clock.drives(runtime.deadlines());
            CountDownLatch entered = new CountDownLatch(1);
            CountDownLatch leave = new CountDownLatch(1);
            runtime.execute(() -> blockHere(entered, leave));
            assertTrue(entered.await(10, TimeUnit.SECONDS));
            clock.advance(Duration.ofMillis(1_100));
            clock.advance(Duration.ofMillis(1_100));
            // No look comes for an hour.
            clock.advance(Duration.ofHours(1));
            assertEquals(0, group.stats().blockedIncidents());
            for (int i = 0; i < 6; i++) {
                clock.advance(Duration.ofMillis(1_100));
            }
            assertEquals(1, group.stats().blockedIncidents());
            awaitLine(log, "I/O thread is held by a callback", 1);
            leave.countDown();
        }
    }

    @Test
    void busyThreadThatMakesStepsIsNotBlocked() throws Exception {
        try (CapturedLog log = new CapturedLog();
                IoGroup group = group("watch-b", 1, FAR_BEYOND_A_TIME_SLICE)) {
            IoRuntime runtime = GroupAccess.runtimeOf(group);
            CountDownLatch done = new CountDownLatch(1);
            long endNanos = System.nanoTime() + 2 * FAR_BEYOND_A_TIME_SLICE.toNanos();
            runtime.execute(new Runnable() {
                @Override
                public void run() {
                    // one turn all along: what is executed on an I/O thread is appended to its turn
                    if (System.nanoTime() - endNanos < 0) {
                        runtime.execute(this);
                    } else {
                        done.countDown();
                    }
                }
            });
            assertTrue(done.await(10, TimeUnit.SECONDS));
            assertEquals(0, group.stats().blockedIncidents());
            assertEquals(List.of(), log.lines());
        }
    }

    @Test
    void nothingIsReportedWhenItIsOff() throws Exception {
        try (CapturedLog log = new CapturedLog();
                IoGroup off = group("watch-c", 1, Duration.ZERO);
                IoGroup on = group("watch-d", 1, BLOCKED)) {
            CountDownLatch entered = new CountDownLatch(2);
            CountDownLatch leave = new CountDownLatch(1);
            GroupAccess.runtimeOf(off).execute(() -> blockHere(entered, leave));
            GroupAccess.runtimeOf(on).execute(() -> blockHere(entered, leave));
            awaitLine(log, "watch-d-io-1", 1);
            assertEquals(0, off.stats().blockedIncidents());
            leave.countDown();
            awaitLine(log, "free again", 1);
        }
    }

    @Test
    void threadWhoseEventLoopHasEndedIsReported() throws Exception {
        try (CapturedLog log = new CapturedLog();
                IoGroup group = group("watch-e", 2, BLOCKED)) {
            assertEquals(0, group.stats().lostThreads());
            try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    AsynchronousSocketChannel channel =
                            GroupAccess.runtimeOf(group).openChannel()) {
                channel.connect(listener.getLocalSocketAddress()).get(10, TimeUnit.SECONDS);
                channel.read(ByteBuffer.allocate(1), null, new Killer());
                try (Socket peer = listener.accept()) {
                    peer.getOutputStream().write(1);
                    Awaitility.await().until(() -> group.stats().lostThreads() == 1);
                }
            }
            awaitLine(log, "ERROR I/O threads are lost; group=watch-e lost=1 configured=2", 1);
        }
    }

    @Test
    void timeoutOutOfRangeIsRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> group("watch-f", 1, Duration.ofDays(2)));
        assertEquals("blockedThreadTimeout is PT48H; it must be from 0 (never) to 1 day", refused.getMessage());
        assertFalse(Oracle.liveThreads("watch-f").size() > 0);
    }

    /** Throws what no handler can declare, and the JDK's event loop does not expect. */
    private static final class Killer implements CompletionHandler<Integer, Void> {
        @Override
        public void completed(Integer bytes, Void attachment) {
            throw Killer.<RuntimeException>stealthily(new IOException("on purpose"));
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            throw new AssertionError(cause);
        }

        @SuppressWarnings("unchecked")
        private static <E extends Throwable> E stealthily(Throwable checked) throws E {
            throw (E) checked;
        }
    }
}

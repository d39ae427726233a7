package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.memory.IoContext;
import io.millrace.core.memory.IoContextPool;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.Oracle;
import java.nio.channels.ShutdownChannelGroupException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("engine")
class IoGroupTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private static IoGroup start(String name) throws TransportException {
        return IoGroup.builder().name(name).threads(2).start();
    }

    private static String refusal(Consumer<IoGroup.Builder> change) {
        IoGroup.Builder builder = IoGroup.builder();
        change.accept(builder);
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, builder::start).getMessage());
    }

    @Test
    void everyRefusalNamesPropertyValueAndLimits() {
        assertEquals("threads is 0; it must be from 1 to 1024 threads", refusal(b -> b.threads(0)));
        assertEquals("threads is 1025; it must be from 1 to 1024 threads", refusal(b -> b.threads(1025)));
        assertEquals("maxSessions is 0; it must be from 1 to 1000000000 sessions", refusal(b -> b.maxSessions(0)));
        assertEquals(
                "bufferMemory is 1048575; it must be at least 1048576 bytes", refusal(b -> b.bufferMemory(1_048_575)));
        assertEquals(
                "preallocateSessions is -1; it must be from 0 to 1000000 sessions",
                refusal(b -> b.preallocateSessions(-1)));
        assertEquals("preallocateSessions is 11; it must be from 0 to 10 sessions", refusal(b -> b.maxSessions(10)
                .preallocateSessions(11)));
    }

    @Test
    void threadsCarryTheNameAndAreGoneAfterClose() throws Exception {
        IoGroup group = start("group-a");
        assertEquals(2, Oracle.liveThreads("group-a-io-").size());
        assertEquals(List.of("group-a-timer"), Oracle.liveThreads("group-a-timer"));
        assertEquals("IoGroup[group-a, threads=2]", group.toString());
        assertEquals("group-a", group.name());
        group.close();
        group.close();
        Oracle.awaitNoThreads("group-a", SOON);
    }

    @Test
    void descriptorsAreBackAfterManyGroups() throws Exception {
        start("group-b").close();
        int before = Oracle.openDescriptors().orElse(0);
        for (int i = 0; i < 20; i++) {
            start("group-b").close();
        }
        Awaitility.await().until(() -> Oracle.openDescriptors().orElse(0) <= before);
    }

    @Test
    void closeFromAnIoThreadReturnsAtOnceAndEndsTheGroup() throws Exception {
        IoGroup group = start("group-c");
        CountDownLatch returned = new CountDownLatch(1);
        GroupAccess.runtimeOf(group).execute(() -> {
            group.close();
            returned.countDown();
        });
        assertTrue(returned.await(10, TimeUnit.SECONDS));
        Awaitility.await().until(() -> Oracle.liveThreads("group-c").isEmpty());
    }

    @Test
    void membersAreClosedFirstAndOneThatThrowsDoesNotStopTheOthers() throws Exception {
        IoGroup group = start("group-d");
        IoRuntime runtime = GroupAccess.runtimeOf(group);
        AtomicInteger closed = new AtomicInteger();
        AutoCloseable left = closed::incrementAndGet;
        runtime.join(left);
        runtime.leave(left);
        runtime.join(closed::incrementAndGet);
        runtime.join(() -> {
            throw new IllegalStateException("on purpose");
        });
        runtime.join(closed::incrementAndGet);
        try (CapturedLog log = new CapturedLog()) {
            group.close();
            assertEquals(1, log.lines().size(), log.lines().toString());
        }
        assertEquals(2, closed.get());
        Oracle.awaitNoThreads("group-d", SOON);
    }

    @Test
    void closedGroupOpensNoChannel() throws Exception {
        IoGroup group = start("group-e");
        group.close();
        IoRuntime runtime = GroupAccess.runtimeOf(group);
        assertThrows(ShutdownChannelGroupException.class, runtime::openChannel);
        assertThrows(ShutdownChannelGroupException.class, runtime::openServerChannel);
    }

    @Test
    void statsShowLimitsAndNothingLeased() throws Exception {
        try (IoGroup group =
                IoGroup.builder().threads(1).daemon(true).bufferMemory(2 << 20).start()) {
            IoGroupStats stats = group.stats();
            assertEquals(1, stats.threads());
            assertEquals(2 << 20, stats.bufferBytesLimit());
            assertEquals(0, stats.buffersLeased() + stats.contextsLeased() + stats.bufferBytesHeld());
        }
    }

    @Test
    void preallocatedSessionsHoldMemoryAndLeaseNothing() throws Exception {
        try (IoGroup group = IoGroup.builder()
                .threads(1)
                .daemon(true)
                .preallocateSessions(5_000)
                .start()) {
            IoGroupStats stats = group.stats();
            assertEquals(3 << 20, stats.bufferBytesHeld());
            assertEquals(0, stats.buffersLeased() + stats.contextsLeased() + stats.contextsPeak());
            assertEquals(0, stats.buffersPeak() + stats.bufferBlocksReclaimed() + stats.foreignBytes());
        }
    }

    @Test
    void preallocationBeyondTheMemoryLimitFailsTheStart() {
        TransportException refused = assertThrows(TransportException.class, () -> IoGroup.builder()
                .bufferMemory(1 << 20)
                .preallocateSessions(10_000)
                .start());
        assertTrue(
                String.valueOf(refused.getMessage()).contains("raise bufferMemory, which is 1048576"),
                refused.getMessage());
    }

    @Test
    void mostSessionsOfAllOverflowNothing() throws Exception {
        try (IoGroup group = IoGroup.builder()
                .threads(1)
                .daemon(true)
                .maxSessions(1_000_000_000)
                .start()) {
            IoContextPool contexts = GroupAccess.runtimeOf(group).contexts();
            IoContext context = Objects.requireNonNull(contexts.tryAcquire(this));
            contexts.release(context);
        }
    }

    @Test
    void leakOfATrackedGroupIsWarnedOfOnceWhenItCloses() throws Exception {
        IoGroup group =
                IoGroup.builder().name("group-g").threads(1).trackBuffers(true).start();
        IoRuntime runtime = GroupAccess.runtimeOf(group);
        Objects.requireNonNull(runtime.buffers().tryAcquire(512));
        Objects.requireNonNull(runtime.contexts().tryAcquire(this));
        try (CapturedLog log = new CapturedLog()) {
            group.close();
            group.close();
            assertEquals(1, log.lines().size(), log.lines().toString());
            String line = log.lines().get(0);
            assertTrue(line.startsWith("WARN leases were not given back; group=group-g buffers=1 bytes=512"), line);
            assertTrue(line.contains("leakOfATrackedGroupIsWarnedOfOnceWhenItCloses"), line);
        }
    }

    @Test
    void groupDoesNotTrackUnlessItIsAskedTo() throws Exception {
        try (IoGroup group = IoGroup.builder().threads(1).daemon(true).start()) {
            assertNull(GroupAccess.runtimeOf(group).buffers().tracker());
        }
    }

    @Test
    void stuckCallbackIsReportedWithItsThread() throws Exception {
        IoGroup group = start("group-f");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        IoRuntime runtime = GroupAccess.runtimeOf(group);
        runtime.execute(() -> {
            entered.countDown();
            boolean interrupted = false;
            while (leave.getCount() > 0) {
                try {
                    leave.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        assertTrue(entered.await(10, TimeUnit.SECONDS));
        List<String> stuck = runtime.shutdown(TimeUnit.MILLISECONDS.toNanos(200));
        assertEquals(1, stuck.size(), stuck.toString());
        assertTrue(stuck.get(0).startsWith("group-f-io-"), stuck.get(0));
        leave.countDown();
        Oracle.awaitNoThreads("group-f", SOON);
        group.close();
    }
}

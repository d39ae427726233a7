package io.millrace.testing;

import io.millrace.core.IoGroup;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Closes what a test has opened, the last one first, and fails it if a thread, a descriptor, a buffer or a context is
 * left, or a thread has died of an exception. Registered as a field of a test, not static, that is not run in parallel.
 *
 * <p>Threading: Confined to the thread of the test.
 */
public class LeakCheck implements BeforeEachCallback, AfterEachCallback {
    private static final Duration WAIT = Duration.ofSeconds(10);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final List<IoGroup> groups = new ArrayList<>();
    // these tests judge what is logged themselves, where it matters
    private final OracleExtension oracle = new OracleExtension(false);

    /** Makes a check for the tests of one class. */
    public LeakCheck() {}

    /**
     * Closes something after the test.
     *
     * @param resource what to close; closing it must do nothing if the test has closed it already
     * @param <T> what it is
     * @return the same
     */
    public final <T extends AutoCloseable> T close(T resource) {
        opened.push(resource);
        return resource;
    }

    /**
     * Closes a group after the test, and checks its pools.
     *
     * @param group the group
     * @return the same
     */
    public final IoGroup watch(IoGroup group) {
        return watch(group, group);
    }

    /**
     * Closes something after the test, and checks the pools of the group that it works with.
     *
     * @param resource what to close
     * @param group its group
     * @param <T> what it is
     * @return the same
     */
    public final <T extends AutoCloseable> T watch(T resource, IoGroup group) {
        groups.add(group);
        return close(resource);
    }

    @Override
    public final void beforeEach(ExtensionContext context) {
        oracle.beforeEach(context);
    }

    @Override
    public final void afterEach(ExtensionContext context) throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        try {
            groups.forEach(LeakCheck::expectNothingLeased);
        } finally {
            oracle.afterEach(context);
        }
    }

    private static void expectNothingLeased(IoGroup group) {
        if (group.stats().buffersLeased() != 0 || group.stats().contextsLeased() != 0) {
            throw new AssertionError("leased after the close: " + group.stats());
        }
    }

    /**
     * Waits for something that is nearly always true at once.
     *
     * @param what names it in the failure
     * @param condition what must become true within 10 s
     */
    public static void awaitSoon(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(WAIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }

    /**
     * Lists the threads of groups that have the names Millrace gives them.
     *
     * @return the names of those that live
     */
    public static List<String> millraceThreads() {
        return Oracle.liveThreads("millrace-");
    }

    /**
     * Counts the sockets and event loops of this JVM.
     *
     * @return their number, or 0 where the system does not tell
     */
    public static long socketDescriptors() {
        return Oracle.socketDescriptors();
    }

    /**
     * Fails if something has taken too long: for deadlines, not for speed.
     *
     * @param limit the longest time
     * @param startNanos when it began, by {@link System#nanoTime()}
     */
    public static void assertWithin(Duration limit, long startNanos) {
        Duration taken = Duration.ofNanos(System.nanoTime() - startNanos);
        if (taken.compareTo(limit) > 0) {
            throw new AssertionError("took " + taken + ", allowed " + limit);
        }
    }
}

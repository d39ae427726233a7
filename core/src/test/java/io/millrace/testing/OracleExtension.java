package io.millrace.testing;

import java.lang.reflect.Method;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Checks what every test of a network must leave behind: as many sockets and event loops as before, none of its I/O and
 * timer threads, no uncaught exception in any thread, nothing logged at WARN or above unless a {@link CapturedLog} was
 * open to judge it. What a session owes its handler, and a group its pools, is checked by {@link Loopback} and
 * {@link LeakCheck}, which know them.
 *
 * <p>Shows all threads when a test takes too long, and the {@link Seed} of a test that has one when it fails.
 *
 * <p>Descriptors and threads are judged only if no other test with this extension has run at the same time.
 *
 * <p>Threading: Thread-safe; has no state of its own.
 */
public final class OracleExtension
        implements BeforeEachCallback,
                AfterEachCallback,
                InvocationInterceptor,
                TestExecutionExceptionHandler,
                ParameterResolver {
    private static final ScheduledThreadPoolExecutor watchdog = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "test-watchdog");
        thread.setDaemon(true);
        return thread;
    });

    static {
        watchdog.setRemoveOnCancelPolicy(true);
    }

    private final boolean withLog;

    /** Makes an extension that checks all it can. */
    public OracleExtension() {
        this(true);
    }

    OracleExtension(boolean withLog) {
        this.withLog = withLog;
    }

    private static Store store(ExtensionContext context) {
        return context.getStore(Namespace.create(OracleExtension.class));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        store(context).put(this, Watched.begin(context.getUniqueId()));
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        Watched watched = store(context).remove(this, Watched.class);
        if (watched != null) {
            watched.end(withLog, Watched.WAIT_NANOS);
        }
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        runWatched(invocation, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        runWatched(invocation, context);
    }

    private static void runWatched(Invocation<Void> invocation, ExtensionContext context) throws Throwable {
        NetworkTest settings = context.getRequiredTestClass().getAnnotation(NetworkTest.class);
        int seconds = settings == null ? NetworkTest.DUMP_AFTER_SECONDS : settings.dumpAfterSeconds();
        ScheduledFuture<?> dump = watchdog.schedule(
                () -> System.err.println(context.getDisplayName() + " has run for " + seconds + " s; all threads:\n"
                        + Oracle.threadDump()),
                seconds,
                TimeUnit.SECONDS);
        try {
            invocation.proceed();
        } finally {
            dump.cancel(false);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Seed.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return store(context).computeIfAbsent(Seed.class, type -> Seed.choose(), Seed.class);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        Seed seed = store(context).get(Seed.class, Seed.class);
        if (seed != null) {
            System.err.println(context.getDisplayName() + " failed with " + seed);
            failure.addSuppressed(new AssertionError("failed with " + seed));
        }
        throw failure;
    }
}

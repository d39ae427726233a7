package io.millrace.testing;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Test classes run in a JVM of their own, under flags that only a JVM as a whole can have. Tests tagged heavy or net
 * are left out.
 *
 * <p>Threading: Thread-safe; has no state.
 */
public final class ChildSuite {
    private static final String PASSED = "suite passed: ";

    private ChildSuite() {}

    /**
     * Runs test classes and fails with their failures.
     *
     * @param flags flags of the JVM
     * @param timeout how long all may take
     * @param tests the classes
     * @return how many tests have passed, at least 1
     * @throws IOException if the JVM cannot be started
     * @throws InterruptedException if the wait for it is interrupted
     */
    public static int run(List<String> flags, Duration timeout, Class<?>... tests)
            throws IOException, InterruptedException {
        String[] names = Arrays.stream(tests).map(Class::getName).toArray(String[]::new);
        try (ChildJvm child = ChildJvm.of(ChildSuite.class, names).flags(flags).start()) {
            int code = child.awaitExit(timeout);
            String output = child.output();
            int passed = output.indexOf(PASSED);
            if (code != 0 || passed < 0) {
                throw new AssertionError("suite failed under " + flags + " with code " + code + ":\n" + output);
            }
            return Integer.parseInt(output.substring(passed + PASSED.length())
                    .lines()
                    .findFirst()
                    .orElse("0"));
        }
    }

    /**
     * Runs the classes that are named, prints what has failed and ends the JVM.
     *
     * @param names the names of test classes
     * @throws ClassNotFoundException if there is no such class
     */
    public static void main(String[] names) throws ClassNotFoundException {
        LauncherDiscoveryRequestBuilder chosen = LauncherDiscoveryRequestBuilder.request()
                .filters(TagFilter.excludeTags("heavy", "net"))
                .configurationParameter("junit.jupiter.execution.timeout.default", "60 s")
                .configurationParameter("junit.jupiter.execution.timeout.threaddump.enabled", "true");
        for (String name : names) {
            chosen.selectors(selectClass(Class.forName(name)));
        }
        LauncherDiscoveryRequest request = chosen.build();
        Launcher launcher = LauncherFactory.create();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        launcher.execute(request, listener);
        System.exit(report(listener.getSummary()));
    }

    private static int report(TestExecutionSummary summary) {
        StringWriter failures = new StringWriter();
        summary.printFailuresTo(new PrintWriter(failures, true), 30);
        System.out.println(failures);
        long failed = summary.getTotalFailureCount();
        if (failed > 0 || summary.getTestsSucceededCount() == 0) {
            Stream.of("failed " + failed, "passed " + summary.getTestsSucceededCount())
                    .forEach(System.out::println);
            return 1;
        }
        System.out.println(PASSED + summary.getTestsSucceededCount());
        return 0;
    }
}

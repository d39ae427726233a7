package io.millrace.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One way to run what must work in every way: how many I/O threads there are, and where handlers run.
 *
 * <p>A test that is marked {@link Each} instead of {@code @Test} takes one as its parameter, and makes its group by
 * {@link #loopback()}. A new dimension, such as an engine or TLS, is one more component here and one more line in
 * {@link #all()}.
 *
 * @param threads how many I/O threads
 * @param handlers where handlers run
 */
public record Permutation(int threads, Handlers handlers) {
    /** A group of many: more threads than most tests have sessions. */
    private static final int MANY = 4;

    /** Where handlers run. */
    public enum Handlers {
        /** On the I/O threads. */
        INLINE,
        /** On an executor that all tests share, so that its threads are nobody's leak. */
        EXECUTOR;

        private static final ExecutorService SHARED = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "handlers-of-tests");
            thread.setDaemon(true);
            return thread;
        });

        void choose(Loopback.Builder builder) {
            if (this == EXECUTOR) {
                builder.executor(SHARED);
            }
        }
    }

    /** Runs a test once for each permutation. */
    @Documented
    @Target(ElementType.METHOD)
    @Retention(RetentionPolicy.RUNTIME)
    @ParameterizedTest
    @MethodSource("io.millrace.testing.Permutation#all")
    public @interface Each {}

    /**
     * Lists all ways.
     *
     * @return each combination that there is
     */
    public static Stream<Permutation> all() {
        return Arrays.stream(Handlers.values())
                .flatMap(handlers -> Stream.of(1, MANY).map(threads -> new Permutation(threads, handlers)));
    }

    /**
     * Returns a builder of a group that is made this way.
     *
     * @return a new builder
     */
    public Loopback.Builder loopback() {
        Loopback.Builder builder = Loopback.builder().threads(threads);
        handlers.choose(builder);
        return builder;
    }
}

package io.millrace.benchmarks.redis;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * One test of redis-benchmark, such as {@code get}, or {@code get-p16} with 16 requests in flight on each connection.
 *
 * @param test as its option {@code -t} names it
 * @param inFlight on each connection, at least 1
 */
public record RedisPoint(String test, int inFlight) {
    /** How many requests a pipelined connection has in flight. */
    public static final int PIPELINED = 16;

    /** The tests, in their order: what one puts in, the next takes out. */
    public static final List<String> TESTS =
            List.of("ping_inline", "ping_mbulk", "set", "get", "incr", "lpush", "rpop", "sadd", "hset", "mset");

    private static final String SUFFIX = "-p";

    /** Checks the test, and the requests in flight. */
    public RedisPoint {
        if (!TESTS.contains(test)) {
            throw new IllegalArgumentException("test is " + test + "; there are " + String.join(", ", TESTS));
        }
        if (inFlight < 1) {
            throw new IllegalArgumentException("requests in flight are " + inFlight + "; there must be at least 1");
        }
    }

    /** Returns all that is published: every test, first plain, then pipelined. */
    static List<String> all() {
        return Stream.of(1, PIPELINED)
                .flatMap(inFlight -> TESTS.stream().map(test -> new RedisPoint(test, inFlight)))
                .map(RedisPoint::toString)
                .toList();
    }

    /** Reads what {@link #toString()} writes. */
    public static RedisPoint parse(String text) {
        int suffix = text.lastIndexOf(SUFFIX);
        return suffix > 0 && text.substring(suffix + SUFFIX.length()).matches("\\d{1,4}")
                ? new RedisPoint(text.substring(0, suffix), Integer.parseInt(text.substring(suffix + SUFFIX.length())))
                : new RedisPoint(text, 1);
    }

    /** Returns the name under which redis-benchmark tells the result, up to what it says of the command's arguments. */
    String reported() {
        return test.toUpperCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return inFlight == 1 ? test : test + SUFFIX + inFlight;
    }
}

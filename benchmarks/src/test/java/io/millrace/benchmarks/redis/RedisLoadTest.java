package io.millrace.benchmarks.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RedisLoadTest {
    private static final String HEADER = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\","
            + "\"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"";
    private static final String ROW =
            "\"MSET (10 keys)\",\"38461.54\",\"0.849\",\"0.200\",\"0.783\",\"1.239\",\"2.751\",\"2.927\"";
    private static final RedisPoint POINT = RedisPoint.parse("mset-p16");

    @Test
    void resultIsReadInNanoseconds() throws IOException {
        assertEquals(new RedisLoad.Result(38461.54, 783_000, 2_751_000), RedisLoad.parse(POINT, List.of(HEADER, ROW)));
    }

    @Test
    void tooFewRequestsToBeMeasuredAreInfinitelyFast() throws IOException {
        String row = ROW.replace("38461.54", "inf");
        assertEquals(
                Double.POSITIVE_INFINITY,
                RedisLoad.parse(POINT, List.of(HEADER, row)).perSecond());
    }

    @Test
    void anyLineButTheResultIsAnErrorThatShowsIt() {
        String message = assertThrows(
                        IOException.class,
                        () -> RedisLoad.parse(POINT, List.of("Error from server: ERR no", HEADER, ROW)))
                .getMessage();
        assertTrue(message.startsWith("mset-p16: redis-benchmark did not print its result: Error from"), message);
        assertThrows(IOException.class, () -> RedisLoad.parse(POINT, List.of(HEADER)));
        assertThrows(IOException.class, () -> RedisLoad.parse(RedisPoint.parse("get"), List.of(HEADER, ROW)));
    }

    @Test
    void pointsAreEveryTestPlainAndPipelined() {
        List<String> all = RedisPoint.all();
        assertEquals(20, all.size());
        assertEquals("ping_inline", all.get(0));
        assertEquals("mset-p16", all.get(19));
        assertEquals(
                all,
                all.stream().map(RedisPoint::parse).map(RedisPoint::toString).toList());
        assertThrows(IllegalArgumentException.class, () -> RedisPoint.parse("gte"));
        assertThrows(IllegalArgumentException.class, () -> RedisPoint.parse("get-p0"));
    }
}

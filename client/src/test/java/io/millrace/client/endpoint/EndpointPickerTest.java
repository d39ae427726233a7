package io.millrace.client.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EndpointPickerTest {
    /** Endpoints that have so many requests in flight each. */
    private record InFlight(int... requests) implements EndpointPicker.Candidates {
        @Override
        public int size() {
            return requests.length;
        }

        @Override
        public Endpoint endpoint(int index) {
            return Endpoint.of("host", index + 1);
        }

        @Override
        public int requestsInFlight(int index) {
            return requests[index];
        }

        @Override
        public int connections(int index) {
            return 1;
        }
    }

    private static List<Integer> picks(EndpointPicker picker, int count, int... inFlight) {
        InFlight candidates = new InFlight(inFlight);
        return IntStream.range(0, count).mapToObj(i -> picker.pick(candidates)).toList();
    }

    @Test
    void roundRobinStartsWithTheFirstAndTakesTurns() {
        assertEquals(List.of(0, 1, 2, 0, 1, 2, 0), picks(EndpointPicker.roundRobin(), 7, 5, 0, 9));
    }

    @Test
    void eachRoundRobinHasATurnOfItsOwn() {
        picks(EndpointPicker.roundRobin(), 1, 0, 0);

        assertEquals(List.of(0, 1), picks(EndpointPicker.roundRobin(), 2, 0, 0));
    }

    @Test
    void roundRobinGoesOnWhenItsCounterWraps() {
        assertEquals(
                List.of(0, 1, 0, 1),
                picks(new RoundRobin(Integer.MAX_VALUE - 1), 4, 0, 0),
                "from 2^31 - 2 to 2^31 + 1");
        assertEquals(List.of(2, 0, 0, 1), picks(new RoundRobin(-2), 4, 0, 0, 0), "from 2^32 - 2 to 1");
    }

    @Test
    void roundRobinFollowsAListThatGrowsAndShrinks() {
        EndpointPicker picker = EndpointPicker.roundRobin();

        for (int size : new int[] {3, 1, 2, 1, 4, 1}) {
            int index = picker.pick(new InFlight(new int[size]));
            assertTrue(index >= 0 && index < size, index + " of " + size);
        }
    }

    @Test
    void roundRobinOfManyThreadsIsEvenToTheLastPick() throws Exception {
        EndpointPicker picker = EndpointPicker.roundRobin();
        InFlight candidates = new InFlight(0, 0, 0, 0);
        AtomicIntegerArray counts = new AtomicIntegerArray(4);
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> {
                try {
                    start.await();
                } catch (InterruptedException e) {
                    return;
                }
                for (int pick = 0; pick < 10_000; pick++) {
                    counts.incrementAndGet(picker.pick(candidates));
                }
            });
            thread.start();
            threads.add(thread);
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join(10_000);
        }

        assertEquals("[10000, 10000, 10000, 10000]", counts.toString());
    }

    @Test
    void randomTakesAllOfThemAboutAsOften() {
        int[] counts = new int[4];
        picks(EndpointPicker.random(), 40_000, 0, 0, 0, 0).forEach(index -> counts[index]++);

        // The standard deviation is 87: ten of them off is no chance.
        for (int count : counts) {
            assertTrue(
                    count > 9_130 && count < 10_870,
                    () -> IntStream.of(counts).boxed().toList().toString());
        }
    }

    @Test
    void leastInFlightTakesTheOneWithTheFewest() {
        assertEquals(List.of(2, 2, 2), picks(EndpointPicker.leastInFlight(), 3, 5, 4, 1, 2));
        assertEquals(List.of(0), picks(EndpointPicker.leastInFlight(), 1, 7));
    }

    @Test
    void leastInFlightTakesTurnsAmongEquals() {
        assertEquals(List.of(0, 1, 2, 0), picks(EndpointPicker.leastInFlight(), 4, 0, 0, 0));
        assertEquals(List.of(0, 2, 0, 2, 0), picks(EndpointPicker.leastInFlight(), 5, 1, 3, 1));
        assertEquals(List.of(1, 2, 1, 2), picks(EndpointPicker.leastInFlight(), 4, 3, 0, 0, 3));
    }

    @Test
    void leastInFlightFollowsAListThatShrinks() {
        EndpointPicker picker = EndpointPicker.leastInFlight();
        picks(picker, 4, 0, 0, 0, 0);

        assertEquals(List.of(0, 1), picks(picker, 2, 0, 0));
    }

    @Test
    void pickersSayWhatTheyAre() {
        assertEquals("roundRobin", EndpointPicker.roundRobin().toString());
        assertEquals("random", EndpointPicker.random().toString());
        assertEquals("leastInFlight", EndpointPicker.leastInFlight().toString());
    }
}

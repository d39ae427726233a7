package io.millrace.benchmarks.calls;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.benchmarks.calls.CallPoint.Asker;
import io.millrace.benchmarks.calls.caller.Asking;
import io.millrace.benchmarks.calls.caller.Caller;
import io.millrace.benchmarks.calls.caller.CallerOptions;
import io.millrace.benchmarks.calls.caller.Slot;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every contestant answers every request with its own payload, whoever asks; the loop itself compares. */
@Timeout(30)
class CallLoopIT {
    private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    @ParameterizedTest
    @EnumSource(CallContestant.class)
    void callbacksAskOverOneConnection(CallContestant contestant) throws Exception {
        // More than the ring of Netty's pending requests has room for at first.
        assertAnswered(contestant, new CallPoint(1, 2_500, 64, Asker.CALLBACK));
    }

    @ParameterizedTest
    @EnumSource(CallContestant.class)
    void threadAsksOverSeveralConnections(CallContestant contestant) throws Exception {
        assertAnswered(contestant, new CallPoint(4, 50, 64, Asker.THREAD));
    }

    @Test
    void replyOfAnotherRequestFailsTheRun() throws Exception {
        try (Caller liar = new Liar()) {
            CallLoop loop = new CallLoop(liar, new CallPoint(1, 2, 64, Asker.CALLBACK));
            assertThrows(IllegalStateException.class, () -> loop.run(1));
        }
    }

    private static void assertAnswered(CallContestant contestant, CallPoint point) throws Exception {
        assumeTrue(contestant.unavailable().isEmpty(), contestant::unavailable);
        CallerOptions options = new CallerOptions(contestant.answer(), point.connections(), point.inFlight());
        try (Caller caller = contestant.connect(options)) {
            CallLoop loop = new CallLoop(caller, point);
            assertTrue(loop.run(RUN_NANOS).messages() >= point.inFlight());
            assertTrue(loop.run(RUN_NANOS).messages() >= point.inFlight(), "a second run begins anew");
        }
    }

    /** Answers at once, with a number that nobody asked for. */
    private static final class Liar implements Caller {
        @Override
        public Asking asking(Slot slot) {
            return () -> slot.answered(slot.payload().remaining(), -1);
        }

        @Override
        public void close() {}
    }
}

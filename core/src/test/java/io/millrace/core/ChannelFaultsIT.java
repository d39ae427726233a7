package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.ChunkingChannel;
import io.millrace.testing.Fault;
import io.millrace.testing.Fault.Operation;
import io.millrace.testing.FaultPlan;
import io.millrace.testing.FaultyChannel;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import io.millrace.testing.RawPeer;
import io.millrace.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** R02, C10: channels that complete in unusual ways, or fail at their n-th operation, for each n. */
@Tag("engine")
@NetworkTest
class ChannelFaultsIT {
    private static final int ROUNDS = 5;

    /** Ways to complete that are allowed, if unusual. */
    enum Manner {
        ELSEWHERE(Fault.completingElsewhere()),
        INLINE(Fault.completingInline()),
        ONE_BYTE(Fault.completingPartly(1)),
        SOME_BYTES(Fault.completingPartly(1_000));

        private final Fault fault;

        Manner(Fault fault) {
            this.fault = fault;
        }
    }

    private static void expectEchoes(Loopback loopback, Random chance, int largest) throws Exception {
        Link link = loopback.open();
        for (int i = 0; i < 10; i++) {
            byte[] payload = new byte[chance.nextInt(largest)];
            chance.nextBytes(payload);
            link.peer().sendMeanwhile(RawPeer.frame(payload));
            assertArrayEquals(payload, link.peer().readFrame());
        }
    }

    @Permutation.Each
    void echoesComeBackThroughRandomPieces(Permutation how, Seed seed) throws Exception {
        try (Loopback loopback = how.loopback()
                .channel(channel -> new ChunkingChannel(channel, seed.value(), 1, 700))
                .start()) {
            expectEchoes(loopback, seed.random("payloads"), 20_000);
        }
    }

    @Permutation.Each
    void echoesComeBackHoweverTheChannelCompletes(Permutation how, Seed seed) throws Exception {
        for (Manner reads : Manner.values()) {
            for (Manner writes : Manner.values()) {
                FaultPlan plan =
                        new FaultPlan().always(Operation.READ, reads.fault).always(Operation.WRITE, writes.fault);
                try (Loopback loopback = how.loopback().channel(plan::over).start()) {
                    expectEchoes(loopback, seed.random(reads + " " + writes), 3_000);
                }
            }
        }
    }

    /** Every way to fail, with a cause to tell it by. */
    static Stream<Function<RuntimeException, Fault>> failures() {
        return Stream.of(Fault::throwing, Fault::failing, Fault::failingElsewhere);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failedReadEndsItsSessionOnceForThatReasonWhicheverItIs(Function<RuntimeException, Fault> failure)
            throws Exception {
        for (int number = 1; number <= ROUNDS; number++) {
            expectEndOnce(Operation.READ, number, failure);
        }
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failedWriteEndsItsSessionOnceForThatReasonWhicheverItIs(Function<RuntimeException, Fault> failure)
            throws Exception {
        for (int number = 1; number <= ROUNDS; number++) {
            expectEndOnce(Operation.WRITE, number, failure);
        }
    }

    private static void expectEndOnce(Operation operation, int number, Function<RuntimeException, Fault> failure)
            throws Exception {
        RuntimeException cause = new IllegalStateException("on purpose");
        AtomicReference<FaultPlan> next = new AtomicReference<>(new FaultPlan());
        try (Loopback loopback =
                Loopback.builder().channel(channel -> next.get().over(channel)).start()) {
            List<String> threads = loopback.ioThreads();
            Link bystander = loopback.openBystander();
            next.set(new FaultPlan().at(operation, number, failure.apply(cause)));
            Link link = loopback.open();
            int answered = 0;
            try {
                for (; answered <= ROUNDS; answered++) {
                    link.peer().sendFrame((byte) answered);
                    link.peer().readFrame();
                }
            } catch (IOException cutOff) {
                // as it must be: the session has aborted
            }
            assertTrue(answered < number, "answered " + answered + " requests with fault " + number);
            CloseReason reason = link.recording().awaitClose();
            assertSame(cause, reason.cause(), reason.toString());
            bystander.peer().sendFrame((byte) 1);
            bystander.peer().readFrame();
            assertEquals(Set.copyOf(threads), Set.copyOf(loopback.ioThreads()));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Operation.class,
            names = {"READ", "WRITE"})
    void requestsHaveOneOutcomeEachWhicheverOperationFails(Operation operation) throws Exception {
        for (int number = 1; number <= 3; number++) {
            FaultPlan plan = new FaultPlan().at(operation, number, Fault.failing(new IOException("on purpose")));
            try (Loopback loopback =
                    Loopback.builder().asking().channel(plan::over).start()) {
                Link link = loopback.open();
                AtomicInteger outcomes = new AtomicInteger();
                List<CompletableFuture<?>> requests = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    requests.add(link.session()
                            .request(ByteBuffer.allocate(100), Duration.ofSeconds(30))
                            .whenComplete((reply, failure) -> outcomes.incrementAndGet()));
                }
                try {
                    for (int i = 0; i < 3; i++) {
                        link.peer().sendFrame();
                    }
                } catch (IOException aborted) {
                    // the session has met its fault already
                }
                // for a fault that was not reached: one write may have carried all there was
                link.peer().reset();
                for (CompletableFuture<?> request : requests) {
                    try {
                        request.get(10, TimeUnit.SECONDS);
                    } catch (ExecutionException failed) {
                        assertInstanceOf(TransportException.class, failed.getCause());
                    }
                }
                loopback.awaitEnded();
                assertEquals(20, outcomes.get());
            }
        }
    }

    @Test
    void endOfStreamThatFailsEndsTheSessionAllTheSame() throws Exception {
        FaultPlan plan =
                new FaultPlan().at(Operation.SHUTDOWN_OUTPUT, 1, Fault.throwing(new IOException("on purpose")));
        try (Loopback loopback = Loopback.builder().channel(plan::over).start()) {
            Link link = loopback.open();
            link.session().close();
            link.recording().awaitClose();
            link.peer().expectEndOfStream();
        }
    }

    @Test
    void closeThatFailsEndsTheSessionAllTheSame() throws Exception {
        FaultPlan plan = new FaultPlan().always(Operation.CLOSE, Fault.throwing(new IOException("on purpose")));
        try (Loopback loopback = Loopback.builder().channel(plan::over).start()) {
            loopback.open().session().abort();
            Link link = loopback.open();
            link.peer().close();
            link.recording().awaitClose();
            loopback.awaitEnded();
        }
    }

    @Test
    void optionThatCannotBeSetRefusesTheSessionAndLeavesNothing() throws Exception {
        FaultPlan plan = new FaultPlan().at(Operation.SET_OPTION, 1, Fault.throwing(new IOException("on purpose")));
        try (Loopback loopback = Loopback.builder().channel(plan::over).start()) {
            assertThrows(IOException.class, loopback::open);
            assertEquals(0, loopback.stats().contextsLeased());
        }
    }

    @Permutation.Each
    void closeWithBothDirectionsInFlightTellsTheHandlerAfterTheReadHasCompleted(Permutation how) throws Exception {
        closeWhileHeld(how, Operation.READ, 2);
    }

    @Permutation.Each
    void closeWithBothDirectionsInFlightTellsTheHandlerAfterTheWriteHasCompleted(Permutation how) throws Exception {
        closeWhileHeld(how, Operation.WRITE, 1);
    }

    /** Closes with both directions in flight, one of which hears of the close late. */
    private static void closeWhileHeld(Permutation how, Operation held, int number) throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        FaultPlan late = new FaultPlan().at(held, number, Fault.completingAfter(gate));
        AtomicReference<FaultyChannel> channel = new AtomicReference<>();
        AtomicInteger inFlightAtClose = new AtomicInteger(-1);
        MessageHandler handler = new MessageHandler() {
            @Override
            public void onMessage(Session session, ByteBuffer message) {
                session.send(new byte[4 << 20]);
            }

            @Override
            public void onClose(Session session, CloseReason reason) {
                inFlightAtClose.set(channel.get().inFlight());
            }
        };
        // a client's session, which reads on however much it has queued
        try (Loopback loopback = how.loopback()
                .client()
                .socketBuffers(8 << 10)
                .handler(handler)
                .channel(accepted -> remember(channel, late.over(accepted)))
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            LeakCheck.awaitSoon("both in flight", () -> channel.get().inFlight() == 2);
            link.session().abort();
            LeakCheck.awaitSoon("one has completed", () -> channel.get().inFlight() == 1);
            CountDownLatch turn = new CountDownLatch(how.threads());
            for (int i = 0; i < how.threads(); i++) {
                loopback.runtime().execute(turn::countDown);
            }
            assertTrue(turn.await(10, TimeUnit.SECONDS));
            assertEquals(-1, inFlightAtClose.get(), "told while an operation was in flight");
            gate.countDown();
            link.recording().awaitClose();
            assertEquals(0, inFlightAtClose.get(), "operations in flight at onClose");
            loopback.awaitEnded();
            assertEquals(0, loopback.stats().buffersLeased());
        }
    }

    private static AsynchronousSocketChannel remember(AtomicReference<FaultyChannel> place, FaultyChannel made) {
        place.set(made);
        return made;
    }
}

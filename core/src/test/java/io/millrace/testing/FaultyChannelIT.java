package io.millrace.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.Fault.Operation;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultyChannelIT {
    private AsynchronousSocketChannel channel;
    private RawPeer peer;

    /** How an operation ended. */
    private record Outcome(long bytes, Thread thread, boolean inside) {}

    private static final class Told<N extends Number> implements CompletionHandler<N, String> {
        final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        private volatile boolean returned;

        @Override
        public void completed(N bytes, String attachment) {
            assertEquals("mine", attachment);
            outcome.complete(new Outcome(bytes.longValue(), Thread.currentThread(), !returned));
        }

        @Override
        public void failed(Throwable cause, String attachment) {
            assertEquals("mine", attachment);
            outcome.completeExceptionally(cause);
        }

        Outcome await() throws Exception {
            returned = true;
            return outcome.get(10, TimeUnit.SECONDS);
        }
    }

    @BeforeEach
    void connect() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            channel = AsynchronousSocketChannel.open();
            channel.connect(listener.getLocalSocketAddress()).get(10, TimeUnit.SECONDS);
            peer = RawPeer.of(listener.accept());
        }
    }

    @AfterEach
    void close() throws IOException {
        channel.close();
        peer.close();
    }

    private static Told<Integer> write(AsynchronousSocketChannel to, byte... bytes) {
        Told<Integer> told = new Told<>();
        to.write(ByteBuffer.wrap(bytes), "mine", told);
        return told;
    }

    private static Told<Integer> read(AsynchronousSocketChannel from, ByteBuffer into) {
        Told<Integer> told = new Told<>();
        from.read(into, "mine", told);
        return told;
    }

    @Test
    void onlyTheChosenWriteThrowsAndNothingOfItIsSent() throws Exception {
        RuntimeException thrown = new IllegalStateException("on purpose");
        FaultyChannel faulty =
                new FaultPlan().at(Operation.WRITE, 2, Fault.throwing(thrown)).over(channel);
        assertEquals(1, write(faulty, (byte) 1).await().bytes());
        assertSame(thrown, assertThrows(IllegalStateException.class, () -> write(faulty, (byte) 2)));
        assertEquals(1, write(faulty, (byte) 3).await().bytes());
        assertArrayEquals(new byte[] {1, 3}, peer.readExactly(2));
        assertEquals(3, faulty.count(Operation.WRITE));
        assertEquals(0, faulty.inFlight());
    }

    @Test
    void failureIsToldInsideTheCallOrElsewhere() throws Exception {
        IOException cause = new IOException("on purpose");
        FaultyChannel faulty = new FaultPlan()
                .at(Operation.READ, 1, Fault.failing(cause))
                .at(Operation.READ, 2, Fault.failingElsewhere(cause))
                .over(channel);
        Told<Integer> inside = read(faulty, ByteBuffer.allocate(1));
        assertTrue(inside.outcome.isCompletedExceptionally());
        Told<Integer> elsewhere = read(faulty, ByteBuffer.allocate(1));
        assertSame(cause, assertThrows(Exception.class, elsewhere::await).getCause());
    }

    @Test
    void completionComesElsewhere() throws Exception {
        FaultyChannel faulty = new FaultPlan()
                .always(Operation.READ, Fault.completingElsewhere())
                .over(channel);
        Told<Integer> told = read(faulty, ByteBuffer.allocate(10));
        assertEquals(1, faulty.inFlight());
        peer.send((byte) 1, (byte) 2);
        Outcome outcome = told.await();
        assertEquals(2, outcome.bytes());
        assertTrue(outcome.thread().getName().startsWith("faulty-channel-"), outcome.toString());
        assertEquals(0, faulty.inFlight());
    }

    @Test
    void completionComesInsideTheCallIfTheSystemCan() throws Exception {
        FaultyChannel faulty = new FaultPlan()
                .always(Operation.WRITE, Fault.completingInline())
                .always(Operation.READ, Fault.completingInline())
                .over(channel);
        Outcome outcome = write(faulty, (byte) 1).await();
        assertSame(Thread.currentThread(), outcome.thread());
        assertTrue(outcome.inside());
        Told<Integer> told = read(faulty, ByteBuffer.allocate(10));
        assertFalse(told.outcome.isDone());
        peer.send((byte) 1);
        assertEquals(1, told.await().bytes());
        Told<Integer> cut = read(faulty, ByteBuffer.allocate(10));
        faulty.close();
        assertThrows(Exception.class, cut::await);
    }

    @Test
    void partialCountsLeaveTheBufferAsTheSystemDoes() throws Exception {
        FaultyChannel faulty = new FaultPlan()
                .always(Operation.WRITE, Fault.completingPartly(3))
                .always(Operation.READ, Fault.completingPartly(2))
                .over(channel);
        ByteBuffer out = ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5});
        Told<Integer> told = new Told<>();
        faulty.write(out, "mine", told);
        assertEquals(3, told.await().bytes());
        assertEquals(3, out.position());
        assertEquals(5, out.limit());
        ByteBuffer[] several = {ByteBuffer.wrap(new byte[] {6}), ByteBuffer.allocate(0), ByteBuffer.wrap(new byte[8])};
        Told<Long> gathered = new Told<>();
        faulty.write(several, 0, 3, 0, TimeUnit.NANOSECONDS, "mine", gathered);
        assertEquals(3, gathered.await().bytes());
        assertEquals(2, several[2].position());
        assertEquals(8, several[2].limit());
        peer.send((byte) 1, (byte) 2, (byte) 3);
        ByteBuffer in = ByteBuffer.allocate(10);
        assertEquals(2, read(faulty, in).await().bytes());
        assertEquals(1, read(faulty, in).await().bytes());
        assertEquals(10, in.limit());
    }

    @Test
    void closeThatFailsHasClosedAllTheSame() {
        FaultyChannel faulty = new FaultPlan()
                .at(Operation.CLOSE, 1, Fault.throwing(new IOException("on purpose")))
                .over(channel);
        assertThrows(IOException.class, faulty::close);
        assertFalse(channel.isOpen());
    }

    @Test
    void optionsAndEndOfStreamFailAsPlanned() throws Exception {
        FaultyChannel faulty = new FaultPlan()
                .at(Operation.SET_OPTION, 1, Fault.throwing(new IOException("on purpose")))
                .at(Operation.SHUTDOWN_OUTPUT, 1, Fault.throwing(new IllegalStateException("on purpose")))
                .over(channel);
        assertThrows(IOException.class, () -> faulty.setOption(StandardSocketOptions.TCP_NODELAY, true));
        faulty.setOption(StandardSocketOptions.TCP_NODELAY, true);
        assertThrows(IllegalStateException.class, faulty::shutdownOutput);
        faulty.shutdownOutput();
        peer.expectEndOfStream();
    }

    @Test
    void faultsThatAnOperationCannotMeetAreRefused() {
        FaultPlan plan = new FaultPlan();
        Fault checked = Fault.throwing(new IOException("on purpose"));
        assertThrows(IllegalArgumentException.class, () -> plan.at(Operation.READ, 1, checked));
        assertThrows(IllegalArgumentException.class, () -> plan.always(Operation.CLOSE, Fault.completingInline()));
        assertThrows(IllegalArgumentException.class, () -> plan.at(Operation.CLOSE, 0, checked));
        assertThrows(IllegalArgumentException.class, () -> Fault.completingPartly(0));
    }

    @Test
    void piecesFollowFromTheSeed() throws Exception {
        assertEquals(piecesOf(7), piecesOf(7));
        assertFalse(piecesOf(7).equals(piecesOf(8)));
    }

    private String piecesOf(long seed) throws Exception {
        ChunkingChannel chunking = new ChunkingChannel(channel, seed, 1, 5);
        StringBuilder sizes = new StringBuilder();
        ByteBuffer out = ByteBuffer.wrap(new byte[100]);
        while (out.hasRemaining()) {
            Told<Integer> told = new Told<>();
            chunking.write(out, "mine", told);
            sizes.append(told.await().bytes()).append(' ');
            assertEquals(100, out.limit());
        }
        peer.readExactly(100);
        peer.send(new byte[100]);
        ByteBuffer in = ByteBuffer.allocate(100);
        while (in.hasRemaining()) {
            sizes.append(read(chunking, in).await().bytes()).append(' ');
        }
        return sizes.toString();
    }
}

package io.millrace.benchmarks.micro;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Finding where each of many short frames in a buffer ends; per frame. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class PrefixDecoding {
    private static final int FRAMES = 128;

    /** How the frames are told apart. */
    public enum Framing {
        /** By an int32. */
        LENGTH_PREFIXED,
        /** By a prefix that has options. */
        INT16_LITTLE_ENDIAN,
        /** By Millrace's own header. */
        MILLRACE,
        /** By line feeds. */
        LINES,
        /** By a delimiter of several bytes. */
        DELIMITED;

        private Protocol protocol() {
            return switch (this) {
                case LENGTH_PREFIXED -> Protocol.lengthPrefixed();
                case INT16_LITTLE_ENDIAN ->
                    Protocol.lengthPrefixed(PrefixHandler.int16().order(ByteOrder.LITTLE_ENDIAN));
                case MILLRACE -> Protocol.millrace();
                case LINES -> Protocol.lines();
                case DELIMITED -> Protocol.delimited((byte) '\r', (byte) '\n', (byte) '.');
            };
        }
    }

    /** Which one is measured. */
    @Param
    public Framing framing = Framing.LENGTH_PREFIXED;

    private final PooledBuffer received = Objects.requireNonNull(
            new BufferPool(BufferPool.BLOCK_BYTES).tryAcquire(64 << 10), "an empty pool has a buffer");
    private FrameDecoder decoder;
    private int end;

    /** Fills the buffer. */
    @Setup
    public void fill() {
        ByteBuffer frames = Payloads.frames(framing.protocol(), FRAMES, Payloads.SMALL_BYTES);
        end = frames.remaining();
        received.buffer().put(frames);
        decoder = framing.protocol().newDecoder(Side.SERVER);
    }

    /** All frames are there. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int whole() throws MalformedFrameException {
        int payloadBytes = 0;
        for (int start = 0; start < end; ) {
            start += decoder.frameLength(received.view(start, end));
            payloadBytes += decoder.payloadLength();
        }
        return payloadBytes;
    }

    /** The frames arrive one byte at a time, and are asked about each time. */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int dripped() throws MalformedFrameException {
        int payloadBytes = 0;
        for (int start = 0; start < end; ) {
            int length = FrameDecoder.UNKNOWN;
            for (int arrived = start + 1; length == FrameDecoder.UNKNOWN; arrived++) {
                length = decoder.frameLength(received.view(start, arrived));
            }
            payloadBytes += decoder.payloadLength();
            start += length;
        }
        return payloadBytes;
    }
}

package io.millrace.benchmarks.micro;

import io.millrace.core.Codec;
import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What codecs make of a payload, and payloads of it; per message. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
public class Codecs {
    private final Codec<String> utf8 = Codec.utf8();
    private final Codec<byte[]> bytes = Codec.bytes();

    /** The text, which has as many characters in each case. */
    @Param({"ascii", "umlauts"})
    public String text = "";

    private String message;
    private byte[] array;
    private ByteBuffer payload;

    /** Makes the payload, direct as a received one is. */
    @Setup
    public void fill() {
        message = (text.equals("ascii") ? "m" : "\u00fc").repeat(Payloads.SMALL_BYTES);
        array = message.getBytes(StandardCharsets.UTF_8);
        payload = ByteBuffer.allocateDirect(array.length).put(array).flip();
    }

    /** Text from bytes. */
    @Benchmark
    public String decodeText() throws MalformedFrameException {
        return utf8.decode(payload.rewind());
    }

    /** Bytes from text. */
    @Benchmark
    public ByteBuffer encodeText() {
        return utf8.encode(message);
    }

    /** An array from bytes. */
    @Benchmark
    public byte[] decodeBytes() throws MalformedFrameException {
        return bytes.decode(payload.rewind());
    }

    /** Bytes from an array. */
    @Benchmark
    public ByteBuffer encodeBytes() {
        return bytes.encode(array);
    }
}

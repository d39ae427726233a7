package io.millrace.core.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.millrace.testing.Hex;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What a port may be sent: frames, what other programs say, and both after accidents. */
final class FuzzCorpus {
    /** Values at which arithmetic on lengths goes wrong, if it does. */
    private static final long[] EDGES = {
        0,
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        9,
        12,
        13,
        0x7F,
        0x80,
        0xFF,
        0x100,
        0x7FFF,
        0x8000,
        0xFFFF,
        0x7FFFFF,
        0x800000,
        0xFFFFFF,
        0x3FFFFFFF,
        0x40000000,
        0x7FFFFFFE,
        0x7FFFFFFF,
        0x80000000L,
        0xFFFFFFFEL,
        0xFFFFFFFFL,
        1L << 32,
        Long.MAX_VALUE - 8,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -8
    };

    private static final int LONGEST = 4_096;

    private final List<byte[]> seeds = new ArrayList<>();

    FuzzCorpus() {
        addVectors();
        addStrangers();
        for (FrameKind kind : FrameKind.values()) {
            if (kind != FrameKind.SKIPPED) {
                seeds.add(Frames.encode(MillraceProtocol.create(), kind, 0x0102030405060708L, new byte[12]));
            }
        }
    }

    /** Frames of the original programs, and of the usual prefixes, as literal bytes. */
    private void addVectors() {
        for (String hex : List.of(
                "05000000 68656c6c6f",
                "00000000",
                "0d000000 01000000 01000000 68656c6c6f",
                "08000000 02000000 01000000",
                "00000005 68656c6c6f 00000000 00000001 21",
                "0005 68656c6c6f",
                "0000000000000005 68656c6c6f",
                "80000000",
                "ffffffff",
                "7fffffff",
                "00000001 00 00000001 0c 00000001 70",
                "00000009 01 0000000000000001 00000009 02 ffffffffffffffff")) {
            seeds.add(Hex.bytes(hex));
        }
    }

    private void addStrangers() {
        for (String text : List.of(
                "GET / HTTP/1.1\r\nHost: example\r\nAccept: */*\r\n\r\n",
                "POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "SSH-2.0-client\r\n",
                "EHLO there\r\nMAIL FROM:<a@b>\r\n",
                "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n",
                "one\ntwo\r\n\n\r\r\nababa\0aaaab\n")) {
            seeds.add(text.getBytes(US_ASCII));
        }
        // a TLS client hello, gzip, a database's start-up, a name query over TCP
        seeds.add(Hex.bytes("16 03 01 00 2e 01 00 00 2a 03 03 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"));
        seeds.add(Hex.bytes("1f 8b 08 00 00 00 00 00 00 03 cb 48 cd c9 c9 07 00 86 a6 10 36 05 00 00 00"));
        seeds.add(Hex.bytes("00 00 00 08 04 d2 16 2f"));
        seeds.add(Hex.bytes("00 1d 12 34 01 00 00 01 00 00 00 00 00 00 07 65 78 61 6d 70 6c 65 00 00 01 00 01"));
    }

    /** Returns a stream for a protocol: one of the corpus or frames of its own, and some accidents. */
    byte[] stream(ProtocolCase protocol, Random random) {
        byte[] stream = random.nextInt(3) == 0 ? anySeed(random) : ownFrames(protocol, random);
        for (int accidents = random.nextInt(6); accidents > 0; accidents--) {
            stream = mutate(stream, random);
        }
        return stream.length > LONGEST ? Arrays.copyOf(stream, LONGEST) : stream;
    }

    private byte[] anySeed(Random random) {
        return seeds.get(random.nextInt(seeds.size())).clone();
    }

    private static byte[] ownFrames(ProtocolCase protocol, Random random) {
        List<byte[]> messages = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            int span = Math.min(30, protocol.longest() - protocol.shortest());
            messages.add(protocol.message(random, protocol.shortest() + random.nextInt(span + 1)));
        }
        return Frames.encode(protocol.newEncoder(), messages);
    }

    private byte[] mutate(byte[] stream, Random random) {
        int at = random.nextInt(stream.length + 1);
        return switch (random.nextInt(8)) {
            case 0 -> with(stream, at, b -> b ^ (1 << random.nextInt(Byte.SIZE)));
            case 1 -> with(stream, at, b -> random.nextInt());
            case 2 -> with(stream, at, b -> (int) EDGES[random.nextInt(EDGES.length)]);
            case 3 -> edge(stream, at, random);
            case 4 -> Arrays.copyOf(stream, at);
            case 5 -> join(stream, at, anySeed(random));
            case 6 -> join(stream, at, Arrays.copyOfRange(stream, at / 2, stream.length));
            default -> join(stream, at, new byte[random.nextInt(9)]);
        };
    }

    private interface Change {
        int of(int before);
    }

    private static byte[] with(byte[] stream, int at, Change change) {
        if (at < stream.length) {
            stream[at] = (byte) change.of(stream[at]);
        }
        return stream;
    }

    /** Overwrites a few bytes with a number of some width in some order. */
    private static byte[] edge(byte[] stream, int at, Random random) {
        long value = EDGES[random.nextInt(EDGES.length)];
        int width = 1 << random.nextInt(4);
        boolean reversed = random.nextBoolean();
        for (int i = 0; i < width && at + i < stream.length; i++) {
            stream[at + i] = (byte) (value >>> (Byte.SIZE * (reversed ? i : width - 1 - i)));
        }
        return stream;
    }

    /** Puts bytes into a stream. */
    private static byte[] join(byte[] stream, int at, byte[] inserted) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(stream, 0, at);
        all.writeBytes(inserted);
        all.write(stream, at, stream.length - at);
        return all.toByteArray();
    }
}

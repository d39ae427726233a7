package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.ChildJvm;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Connections that share little memory: none ever sees a byte of another's, and running out hurts only who asks. */
class ForeignBytesIT {
    private static final int MIB = 1 << 20;

    private static byte[] frame(int length, byte pattern) {
        byte[] frame = new byte[Integer.BYTES + length];
        Arrays.fill(frame, pattern);
        ByteBuffer.wrap(frame).putInt(length);
        return frame;
    }

    @Test
    void everyConnectionGetsItsOwnPatternBackFromMemoryThatAllShare() throws Exception {
        Random random = new Random(7);
        try (Loopback loopback =
                Loopback.builder().bufferMemory(8 * MIB).handler(Loopback.ECHO).start()) {
            List<Link> links = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                links.add(loopback.open());
            }
            for (int round = 0; round < 40; round++) {
                int largest = 1 << (6 + round % 10);
                List<byte[]> sent = new ArrayList<>();
                for (int i = 0; i < links.size(); i++) {
                    byte[] frame = frame(1 + random.nextInt(largest), (byte) (i + 1));
                    links.get(i).peer().send(frame);
                    sent.add(frame);
                }
                for (int i = 0; i < links.size(); i++) {
                    byte[] expected = sent.get(i);
                    byte[] echoed = links.get(i).peer().readExactly(expected.length);
                    assertTrue(Arrays.equals(expected, echoed), "a foreign byte in round " + round + " link " + i);
                }
            }
            assertTrue(
                    loopback.stats().bufferBytesHeld() <= 8 * MIB,
                    loopback.stats().toString());
        }
    }

    /** Sessions until there is no memory for one more, again after all have closed, and an echo at the end. */
    public static final class CrowdProgram {
        private CrowdProgram() {}

        public static void main(String[] args) throws Exception {
            try (Loopback loopback = Loopback.builder()
                    .bufferMemory(1 << 30)
                    .handler(Loopback.ECHO)
                    .start()) {
                Link first = loopback.open();
                List<RawPeer> eaters = new ArrayList<>();
                for (int i = 0; i < 16; i++) {
                    Link eater = loopback.open();
                    // All but the end of a frame of 1 MiB: it is assembled, and waits.
                    eater.peer().sendMeanwhile(Arrays.copyOf(frame(MIB, (byte) 2), MIB));
                    eaters.add(eater.peer());
                }
                echo(first.peer(), 100);
                for (RawPeer eater : eaters) {
                    eater.close();
                }
                echo(first.peer(), 100_000);
                echo(loopback.open().peer(), 500_000);
                loopback.log().clear();
                System.out.println("recovered");
            }
        }

        private static void echo(RawPeer peer, int length) throws IOException {
            byte[] frame = frame(length, (byte) 1);
            peer.sendMeanwhile(frame);
            if (!Arrays.equals(frame, peer.readExactly(frame.length))) {
                throw new AssertionError("the echo of " + length + " bytes came back changed");
            }
        }
    }

    @Test
    @Tag("heavy")
    void sessionsThatExhaustDirectMemoryLeaveTheOthersAliveAndTheGroupRecovers() throws Exception {
        try (ChildJvm child = ChildJvm.start(CrowdProgram.class, List.of("-XX:MaxDirectMemorySize=8m"))) {
            assertEquals(0, child.awaitExit(Duration.ofSeconds(60)), child::output);
            assertTrue(child.output().contains("recovered"), child::output);
        }
    }
}

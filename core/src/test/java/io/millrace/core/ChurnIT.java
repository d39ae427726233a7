package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** C14: connections that follow one another on the same descriptors. */
@Tag("engine")
@NetworkTest
class ChurnIT {
    private static final int AT_ONCE = 100;
    private static final int FRAMES = 3;

    private static byte[] marked(int connection) {
        return ByteBuffer.allocate(64).putInt(connection).array();
    }

    @Permutation.Each
    void noByteOrEventCrossesConnectionsThatReuseDescriptors(Permutation how) throws Exception {
        churn(how, 5);
    }

    @Permutation.Each
    @Tag("heavy")
    void noByteOrEventCrossesManyConnectionsThatReuseDescriptors(Permutation how) throws Exception {
        churn(how, 100);
    }

    private static void churn(Permutation how, int rounds) throws Exception {
        try (Loopback loopback = how.loopback().start()) {
            Link bystander = loopback.openBystander();
            for (int round = 0; round < rounds; round++) {
                List<Link> links = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) {
                    links.add(loopback.open());
                }
                int first = round * AT_ONCE;
                for (int i = 0; i < AT_ONCE; i++) {
                    for (int frame = 0; frame < FRAMES; frame++) {
                        links.get(i).peer().sendFrame(marked(first + i));
                    }
                }
                for (int i = 0; i < AT_ONCE; i++) {
                    leave(links.get(i), i, marked(first + i));
                }
                for (int i = 0; i < AT_ONCE; i++) {
                    expectOnlyItsOwn(links.get(i), first + i);
                }
            }
            bystander.peer().sendFrame((byte) 1);
            bystander.peer().readFrame();
        }
    }

    /** Ends a connection in one of four ways, three of them with bytes on their way to it. */
    private static void leave(Link link, int way, byte[] own) throws Exception {
        if (way % 4 == 0) {
            for (int frame = 0; frame < FRAMES; frame++) {
                assertEquals(ByteBuffer.wrap(own), ByteBuffer.wrap(link.peer().readFrame()));
            }
        }
        switch (way % 4) {
            case 1 -> link.peer().reset();
            case 2 -> link.session().abort();
            default -> link.peer().close();
        }
    }

    private static void expectOnlyItsOwn(Link link, int connection) {
        link.recording().awaitClose();
        for (byte[] message : link.recording().messages()) {
            assertEquals(connection, ByteBuffer.wrap(message).getInt());
        }
        link.recording().verify();
    }
}

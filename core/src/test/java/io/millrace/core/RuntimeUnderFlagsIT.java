package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.ChildJvm;
import io.millrace.testing.ChildSuite;
import io.millrace.testing.JdkFlags;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * K05, H02, H12: small stacks, the JDK's switches for NIO.2, and a JVM that has to end by itself. The profile
 * {@code matrix} runs all tests of the engine under these switches; here it is a few that between them use all of it.
 */
class RuntimeUnderFlagsIT {
    static Stream<List<String>> flags() {
        return Arrays.stream(JdkFlags.values()).map(under -> {
            List<String> flags = new ArrayList<>(under.flags());
            flags.add("-Xss512k");
            return flags;
        });
    }

    /** Echoes, then ends: no daemon thread and no call to exit. */
    public static final class EchoProgram {
        private EchoProgram() {}

        public static void main(String[] args) throws Exception {
            int messages = Integer.parseInt(args[0]);
            try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
                Link link = loopback.open();
                link.peer().sendMeanwhile(new byte[4 * messages]);
                byte[] echoed = link.peer().readExactly(4 * messages);
                System.out.println("echoed " + echoed.length / 4);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("flags")
    void hundredThousandEchoesNeedOnlyASmallStack(List<String> flags) throws Exception {
        try (ChildJvm child = ChildJvm.start(EchoProgram.class, flags, "100000")) {
            assertEquals(0, child.awaitExit(Duration.ofSeconds(40)), child::output);
            assertEquals("echoed 100000\n", child.output());
        }
    }

    /** Queues thousands of small buffers in one turn, so that hundreds of writes complete inside the call. */
    public static final class BurstProgram {
        private static final int MESSAGES = 40_000;
        private static final int MESSAGE_BYTES = 400;

        private BurstProgram() {}

        public static void main(String[] args) throws Exception {
            SessionConfig config = SessionConfig.builder()
                    .sendMarks(0, 64 << 20)
                    .sendLimit(64 << 20)
                    .build();
            MessageHandler burst = (session, message) -> {
                for (int i = 0; i < MESSAGES; i++) {
                    session.send(new byte[MESSAGE_BYTES]);
                }
            };
            try (Loopback loopback =
                    Loopback.builder().config(config).handler(burst).start()) {
                Link link = loopback.open();
                link.peer().sendFrame((byte) 1);
                link.peer().readExactly(MESSAGES * (4 + MESSAGE_BYTES));
                System.out.println("received");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("flags")
    void writesThatCompleteAtOnceNeedOnlyASmallStack(List<String> flags) throws Exception {
        List<String> smallStack = new ArrayList<>(flags);
        smallStack.add("-Xss200k");
        try (ChildJvm child = ChildJvm.start(BurstProgram.class, smallStack)) {
            assertEquals(0, child.awaitExit(Duration.ofSeconds(40)), child::output);
            assertEquals("received\n", child.output());
        }
    }

    @Test
    @Tag("heavy")
    void faultsHaveTheSameOutcomeUnderTheStrictestSwitches() throws Exception {
        List<String> flags = JdkFlags.STACK_1_NO_SYNCHRONOUS_READ.flags();
        assertTrue(ChildSuite.run(flags, Duration.ofSeconds(50), ChannelFaultsIT.class) > 10);
    }

    @ParameterizedTest
    @Tag("heavy")
    @EnumSource
    void faultsHaveTheSameOutcomeUnderEverySwitch(JdkFlags under) throws Exception {
        int passed = ChildSuite.run(
                under.flags(),
                Duration.ofSeconds(55),
                ChannelFaultsIT.class,
                SessionFaultIT.class,
                SessionPeerIT.class,
                SessionCloseIT.class);
        assertTrue(passed > 50, "passed " + passed);
    }
}

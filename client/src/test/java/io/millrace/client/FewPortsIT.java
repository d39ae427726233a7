package io.millrace.client;

import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.ConnectFailedException;
import io.millrace.core.ConnectFailedException.Kind;
import io.millrace.core.Session;
import io.millrace.server.TcpServer;
import io.millrace.testing.ChildJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** P09 and the ports of L06: programs in a network whose range of ephemeral ports is narrow. */
@Tag("net")
class FewPortsIT {
    private static final int PORTS = 4;
    private static final int FIRST_PORT = 40_000;
    private static final String[] NARROW = Namespaces.launcher(
            "echo " + FIRST_PORT + " " + (FIRST_PORT + PORTS - 1) + " > /proc/sys/net/ipv4/ip_local_port_range",
            // a port that has met itself may do so again at once
            "echo 0 > /proc/sys/net/ipv4/tcp_max_tw_buckets");
    private static final Duration LONGEST = Duration.ofSeconds(300);

    @BeforeEach
    void assumePossible() {
        Namespaces.assumePossible();
    }

    @Test
    void deadPortInTheEphemeralRangeIsNeverConnectedToItself() throws Exception {
        try (ChildJvm child =
                ChildJvm.of(DeadPort.class, "100000").startedBy(NARROW).start()) {
            assertEquals(0, child.awaitExit(LONGEST), child.output());
        }
    }

    @Test
    void portsThatRunOutAreNamedAndServeAgainWhenTheyAreBack() throws Exception {
        try (ChildJvm child = ChildJvm.of(NoPortLeft.class).startedBy(NARROW).start()) {
            assertEquals(0, child.awaitExit(LONGEST), child.output());
        }
    }

    /** Connects to a dead port again and again. */
    static final class DeadPort {
        private DeadPort() {}

        public static void main(String[] arguments) throws Exception {
            int tries = Integer.parseInt(arguments[0]);
            Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
            try (TcpClient client = Clients.to(FIRST_PORT).build()) {
                for (int i = 0; i < tries; i++) {
                    Kind kind = ((ConnectFailedException) failureOf(client.connect())).kind();
                    counts.merge(kind, 1, Integer::sum);
                }
            }
            System.out.println(counts);
            int self = counts.getOrDefault(Kind.SELF, 0);
            // else the range was not narrow, and nothing was tried
            check(self > 100, "met itself " + self + " times only");
            check(self + counts.getOrDefault(Kind.REFUSED, 0) == tries, "not all were refused");
        }
    }

    /** Opens connections until there is no port left, closes them, and opens them again. */
    static final class NoPortLeft {
        private NoPortLeft() {}

        public static void main(String[] arguments) throws Exception {
            try (TcpServer server = Clients.echo(9_000);
                    TcpClient client = Clients.to(server.port()).build()) {
                for (int round = 0; round < 3; round++) {
                    List<Session> sessions = new ArrayList<>();
                    for (int i = 0; i < PORTS; i++) {
                        sessions.add(client.connect().get(10, TimeUnit.SECONDS));
                    }
                    ConnectFailedException failure = (ConnectFailedException) failureOf(client.connect());
                    System.out.println(failure.getMessage());
                    check(failure.kind() == Kind.LOCAL, "not a failure of this machine");
                    check(failure.getMessage().contains("more local ports"), "does not say what to do");
                    sessions.forEach(Session::abort);
                    LeakCheck.awaitSoon("sessions ended", () -> client.sessionCount() == 0);
                    LeakCheck.awaitSoon(
                            "the server has ended them", () -> server.stats().connections() == 0);
                }
            }
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}

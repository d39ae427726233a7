package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Codec;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of a program that is told to end. */
@DisabledOnOs(OS.WINDOWS)
class ShutdownHookIT {
    private static final Duration WAIT = Duration.ofSeconds(20);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void termDrainsAndEndsWithTheStatusForAGoodEnd() throws Exception {
        ChildJvm child = start("status");
        RawClient client = connected(child);
        RawClient.closeWhenTheyEnd(List.of(client));

        child.terminate();

        assertEquals(0, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("sessions that ended in good order: 1"), child::output);
        // Told of all states, and of the end after the report.
        assertTrue(
                child.output().indexOf("state STOPPED") < child.output().indexOf("afterwards")
                        && child.output().contains("state STOPPED"),
                child::output);
    }

    @Test
    void whatIsSentBeforehandArrivesBeforeTheEnd() throws Exception {
        ChildJvm child = start("farewell");
        RawClient client = connected(child);
        RawClient silent = connected(child);

        child.terminate();

        for (RawClient told : List.of(client, silent)) {
            assertEquals("going down", told.receiveText());
            told.awaitEnd();
            told.close();
        }
        assertEquals(0, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("sessions that ended in good order: 2"), child::output);
    }

    @Test
    void termWithASessionThatHasToBeCutEndsWithTheOtherStatusThoughItComesTwice() throws Exception {
        ChildJvm child = start("status");
        RawClient client = connected(child);

        child.terminate();
        child.awaitOutput("state DRAINING", WAIT);
        child.terminate();

        assertEquals(3, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("sessions cut off at the deadline: 1"), child::output);
        client.awaitEnd();
    }

    @Test
    void termWithoutAStatusEndsAsTheJvmDoesAndWaitsForOtherHooks() throws Exception {
        ChildJvm child = start("plain");

        child.terminate();

        assertEquals(143, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("in time"), child::output);
        assertTrue(child.output().contains("other hook done"), child::output);
    }

    @Test
    void statusOfSystemExitIsTheProgramsOwn() throws Exception {
        ChildJvm child = start("status");

        child.println("exit");

        assertEquals(7, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("in time"), child::output);
    }

    @Test
    @Tag("heavy")
    void consumerThatThrowsMakesItNoGoodEnd() throws Exception {
        ChildJvm child = start("throws");

        child.terminate();

        assertEquals(3, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("onReport threw"), child::output);
        assertTrue(child.output().contains("afterwards"), child::output);
    }

    @Test
    @Tag("heavy")
    void lastOfTwoServersEndsTheProgramWithTheWorstStatus() throws Exception {
        ChildJvm child = start("two");
        RawClient client = connected(child);

        child.terminate();

        assertEquals(3, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("second: server stopped"), child::output);
        assertTrue(child.output().contains("cut off at the deadline: 1"), child::output);
        client.awaitEnd();
    }

    @Test
    void programWhoseServerWasClosedEndsByItself() throws Exception {
        ChildJvm child = start("counted");
        RawClient client = connected(child);
        RawClient.closeWhenTheyEnd(List.of(client));

        child.println("close");

        assertEquals(0, child.awaitExit(WAIT), child::output);
        assertTrue(child.output().contains("nothing left"), child::output);
        assertFalse(child.output().contains("afterwards"), child::output);
        assertFalse(child.output().contains("WARN") || child.output().contains("ERROR"), child::output);
    }

    @Test
    void hookTakesItselfOutWhenItsServerStopsOrItIsClosed() throws Exception {
        TcpServer running = leaks.watch(echo().bind(0));
        TcpServer neverStarted = echo().listenOn(0).build();
        ShutdownHook one = ShutdownHook.drain(running).exitStatus(0, 1).register();
        ShutdownHook other = ShutdownHook.drain(neverStarted).register();
        ShutdownHook third = leaks.close(ShutdownHook.drain(running).register());
        assertTrue(one.isRegistered() && other.isRegistered() && third.isRegistered());

        third.close();
        third.close();
        assertFalse(third.isRegistered());
        running.drain(Duration.ofSeconds(10)).join();
        neverStarted.close();

        LeakCheck.awaitSoon("taken out", () -> !one.isRegistered() && !other.isRegistered());
        // A hook of a server that has stopped already is out at once.
        assertFalse(ShutdownHook.drain(running).register().isRegistered());
    }

    @Test
    void settingsThatCannotBeAreNamed() {
        ShutdownHook.Builder builder = ShutdownHook.drain(echo().listenOn(0).build());
        assertThrows(IllegalArgumentException.class, () -> builder.deadline(Duration.ZERO));
        String refusal = assertThrows(IllegalArgumentException.class, () -> builder.exitStatus(0, 0))
                .getMessage();
        assertEquals("otherwise is 0; it must be from 1 to 255", refusal);
        assertThrows(IllegalArgumentException.class, () -> builder.exitStatus(256, 1));
    }

    private ChildJvm start(String mode) throws Exception {
        ChildJvm child = leaks.close(ChildJvm.start(Child.class, List.of(), mode));
        child.awaitOutput("ready", WAIT);
        return child;
    }

    private RawClient connected(ChildJvm child) throws Exception {
        int port = Integer.parseInt(child.output()
                .lines()
                .filter(line -> line.startsWith("port "))
                .findFirst()
                .orElseThrow()
                .substring(5));
        RawClient client = leaks.close(RawClient.to(port));
        assertEquals("hello", client.ask("hello"));
        return client;
    }

    private static TcpServerBuilder echo() {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message));
    }

    /** Echoes until it is told to end, by a signal or by a line on its standard input. */
    public static final class Child {
        public static void main(String[] args) throws Exception {
            long descriptors = args[0].equals("counted") ? descriptorsThatStay() : 0;
            TcpServer server = echo().onStateChange((changed, state) -> System.out.println("state " + state))
                    .drainTimeout(Duration.ofMillis(400))
                    .bind("127.0.0.1", 0);
            ShutdownHook.Builder hook = ShutdownHook.drain(server)
                    .onReport(report -> {
                        System.out.println(report);
                        if (args[0].equals("throws")) {
                            throw new IllegalStateException("on purpose");
                        }
                    })
                    .afterwards(() -> System.out.println("afterwards"));
            if (args[0].equals("farewell")) {
                hook.deadline(WAIT).beforehand(() -> server.everyone().broadcast("going down", Codec.utf8()));
            }
            if (args[0].equals("plain")) {
                Runtime.getRuntime().addShutdownHook(new Thread(() -> finishAfter(server)));
            } else {
                hook.exitStatus(0, 3);
            }
            hook.register();
            if (args[0].equals("two")) {
                ShutdownHook.drain(echo().bind("127.0.0.1", 0))
                        .onReport(report -> System.out.println("second: " + report))
                        .exitStatus(0, 4)
                        .register();
            }
            System.out.println("port " + server.port());
            System.out.println("ready");
            StringBuilder line = new StringBuilder();
            for (int next = System.in.read(); next > '\n'; next = System.in.read()) {
                line.append((char) next);
            }
            if (line.toString().equals("exit")) {
                System.exit(7);
            } else if (line.toString().equals("close")) {
                server.close();
                LeakCheck.awaitSoon(
                        "nothing left",
                        () -> LeakCheck.millraceThreads().isEmpty() && LeakCheck.socketDescriptors() <= descriptors);
                System.out.println("nothing left");
            } else {
                new CountDownLatch(1).await();
            }
        }

        /** Counts what the first sockets of a JVM leave open for ever. */
        private static long descriptorsThatStay() throws Exception {
            try (TcpServer first = echo().bind("127.0.0.1", 0);
                    Socket client = new Socket(InetAddress.getByName("127.0.0.1"), first.port())) {
                client.shutdownOutput();
                client.getInputStream().read();
            }
            LeakCheck.awaitSoon(
                    "threads ended", () -> LeakCheck.millraceThreads().isEmpty());
            return LeakCheck.socketDescriptors();
        }

        /** Takes longer than the drain. */
        private static void finishAfter(TcpServer server) {
            try {
                server.awaitClosed();
                System.out.println("other hook done");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

package io.millrace.core.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.ChildJvm;
import io.millrace.testing.Loopback;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightEventsIT {
    private static final Set<String> ALL =
            Set.of("ConnectionOpened", "ConnectionClosed", "SlowHandler", "Backpressure", "AcceptFailed", "BufferLeak");

    @TempDir
    private Path folder;

    private Path record(String... names) throws Exception {
        Path file = folder.resolve("events.jfr");
        try (Recording recording = new Recording()) {
            for (String name : ALL) {
                if (Set.of(names).contains(name)) {
                    recording.enable("io.millrace." + name);
                } else {
                    recording.disable("io.millrace." + name);
                }
            }
            recording.start();
            makeEvents();
            recording.stop();
            recording.dump(file);
        }
        return file;
    }

    private static void makeEvents() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Loopback.Link link = loopback.open();
            link.peer().sendFrame("hello".getBytes(StandardCharsets.US_ASCII));
            assertEquals("hello", new String(link.peer().readFrame(), StandardCharsets.US_ASCII));
            link.peer().close();
            loopback.awaitEnded();
        }
        FlightEvents.slowHandler(
                Thread.currentThread(), 1_500_000_000, Thread.currentThread().getStackTrace());
        FlightEvents.backpressure(42, true, 300_000);
        FlightEvents.acceptFailed(new IOException("Too many open files"), 3, 50_000_000);
        FlightEvents.bufferLeaked(512, new Throwable("acquired"));
        FlightEvents.bufferLeaked(1024, null);
    }

    private static RecordedEvent only(List<RecordedEvent> events, String name) {
        List<RecordedEvent> found = events.stream()
                .filter(event -> event.getEventType().getName().equals("io.millrace." + name))
                .toList();
        assertEquals(1, found.size(), name + " in " + events);
        return found.get(0);
    }

    @Test
    void recordingShowsWhatHappenedToAConnection() throws Exception {
        Path file = record("ConnectionOpened", "ConnectionClosed", "SlowHandler", "Backpressure", "AcceptFailed");
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);

        RecordedEvent opened = only(events, "ConnectionOpened");
        RecordedEvent closed = only(events, "ConnectionClosed");
        assertEquals(opened.getLong("session"), closed.getLong("session"));
        assertTrue(opened.getString("remoteAddress").startsWith("/127.0.0.1:"), opened.toString());
        assertEquals(opened.getString("localAddress"), closed.getString("localAddress"));
        assertEquals("PEER", closed.getString("reason"));
        assertTrue(closed.getString("detail").length() > 5, closed.toString());
        assertEquals(9, closed.getLong("bytesReceived"));
        assertEquals(9, closed.getLong("bytesSent"));
        Duration open = closed.getDuration("openTime");
        assertTrue(!open.isNegative() && open.toSeconds() < 60, closed.toString());

        RecordedEvent slow = only(events, "SlowHandler");
        assertEquals(Duration.ofMillis(1500), slow.getDuration("held"));
        assertTrue(slow.getString("stack").contains("makeEvents"), slow.toString());
        assertTrue(only(events, "Backpressure").getBoolean("on"));
        assertEquals(3, only(events, "AcceptFailed").getLong("failures"));
    }

    @Test
    void eventsThatAreDisabledAreNotRecorded() throws Exception {
        Path file = record("BufferLeak");
        assertEquals(
                List.of("io.millrace.BufferLeak", "io.millrace.BufferLeak"),
                RecordingFile.readAllEvents(file).stream()
                        .map(event -> event.getEventType().getName())
                        .toList());
    }

    @Test
    void toolOfTheJdkPrintsThem() throws Exception {
        Path file = record("ConnectionOpened", "ConnectionClosed", "BufferLeak");
        Process jfr = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jfr").toString(),
                        "print",
                        "--categories",
                        "Millrace",
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String printed = new String(jfr.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(jfr.waitFor(30, TimeUnit.SECONDS), printed);
        assertEquals(0, jfr.exitValue(), printed);
        assertTrue(printed.contains("io.millrace.ConnectionClosed {"), printed);
        assertTrue(printed.contains("reason = \"PEER\""), printed);
        assertTrue(printed.contains("bytesReceived = 9 bytes"), printed);
        assertTrue(printed.contains("acquiredAt = "), printed);
    }

    /** A connection from open to close, in a JVM without the modules of the flight recorder and of JMX. */
    public static final class WithoutModules {
        private WithoutModules() {}

        public static void main(String[] args) throws Exception {
            boolean absent = ModuleLayer.boot().findModule("jdk.jfr").isEmpty()
                    && ModuleLayer.boot().findModule("java.management").isEmpty();
            makeEvents();
            System.out.println(absent ? "worked without" : "the modules are there");
        }
    }

    @Test
    void everythingWorksWithoutTheOptionalModules() throws Exception {
        List<String> flags = List.of("--limit-modules", "java.base,java.logging,java.naming,java.xml");
        try (ChildJvm child = ChildJvm.start(WithoutModules.class, flags)) {
            assertEquals(0, child.awaitExit(Duration.ofSeconds(30)), child::output);
            assertEquals("worked without\n", child.output());
        }
    }

    @Test
    void toStringOfASessionIsNotAskedForWhileNothingIsRecorded() {
        FlightEvents.connectionClosed(new FlightEvents.EndedConnection() {
            private <T> T refuse() {
                throw new AssertionError("asked although nothing is recorded");
            }

            @Override
            public long id() {
                return this.<Long>refuse();
            }

            @Override
            public java.net.SocketAddress remoteAddress() {
                return refuse();
            }

            @Override
            public java.net.SocketAddress localAddress() {
                return refuse();
            }

            @Override
            public String reasonKind() {
                return refuse();
            }

            @Override
            public String reasonDetail() {
                return refuse();
            }

            @Override
            public long openNanos() {
                return this.<Long>refuse();
            }

            @Override
            public long bytesReceived() {
                return this.<Long>refuse();
            }

            @Override
            public long bytesSent() {
                return this.<Long>refuse();
            }
        });
    }
}

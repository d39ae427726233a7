package io.millrace.core.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.SessionConfig;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.memory.BufferPool;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.ChildJvm;
import io.millrace.testing.Loopback;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
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
        FlightEvents.acceptFailed(new IOException("Too many open files"), 3, 50_000_000);
        congest();
        leak();
    }

    /** A session's queue passes its high mark once, and is at its low mark once the peer has read. */
    private static void congest() throws Exception {
        try (Loopback loopback = Loopback.builder()
                .config(SessionConfig.builder().sendMarks(0, 1_024).build())
                .handler((session, message) -> {
                    session.send(new byte[2_048]);
                    session.send(new byte[2_048]);
                })
                .start()) {
            Loopback.Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            assertEquals(2_048, link.peer().readFrame().length);
            assertEquals(2_048, link.peer().readFrame().length);
            // Answered only when the queue was relieved, for until then nothing is read.
            link.peer().sendFrame((byte) 1);
            assertEquals(2_048, link.peer().readFrame().length);
            assertEquals(2_048, link.peer().readFrame().length);
        }
    }

    private static void leak() throws Exception {
        try (CapturedLog log = new CapturedLog();
                IoGroup group = IoGroup.builder()
                        .name("leaking")
                        .threads(1)
                        .trackBuffers(true)
                        .start()) {
            BufferPool buffers = GroupAccess.runtimeOf(group).buffers();
            for (int i = 0; i < 2; i++) {
                Objects.requireNonNull(buffers.tryAcquire(512));
            }
            group.close();
            assertEquals(1, log.lines().size(), log.lines().toString());
        }
    }

    private static List<RecordedEvent> all(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("io.millrace." + name))
                .toList();
    }

    @Test
    void recordingShowsWhatHappenedToAConnection() throws Exception {
        Path file = record("ConnectionOpened", "ConnectionClosed", "SlowHandler", "Backpressure", "AcceptFailed");
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);

        // Two connections were made one after the other: this is the first.
        RecordedEvent opened = all(events, "ConnectionOpened").get(0);
        RecordedEvent closed = all(events, "ConnectionClosed").get(0);
        assertEquals(2, all(events, "ConnectionClosed").size(), events.toString());
        assertEquals(opened.getLong("session"), closed.getLong("session"));
        assertTrue(opened.getString("remoteAddress").startsWith("/127.0.0.1:"), opened.toString());
        assertEquals(opened.getString("localAddress"), closed.getString("localAddress"));
        assertEquals("PEER", closed.getString("reason"));
        assertTrue(closed.getString("detail").length() > 5, closed.toString());
        assertEquals(9, closed.getLong("bytesReceived"));
        assertEquals(9, closed.getLong("bytesSent"));
        Duration open = closed.getDuration("openTime");
        assertTrue(!open.isNegative() && open.toSeconds() < 60, closed.toString());

        RecordedEvent slow = all(events, "SlowHandler").get(0);
        assertEquals(Duration.ofMillis(1500), slow.getDuration("held"));
        assertTrue(slow.getString("stack").contains("makeEvents"), slow.toString());

        List<RecordedEvent> congested = all(events, "Backpressure");
        assertEquals(
                List.of(true, false, true, false),
                congested.stream().map(event -> event.getBoolean("on")).toList());
        assertTrue(congested.get(0).getLong("session") > opened.getLong("session"), congested.toString());
        assertTrue(congested.get(0).getLong("queuedBytes") > 1_024, congested.toString());
        assertEquals(0, congested.get(1).getLong("queuedBytes"));
        assertEquals(3, all(events, "AcceptFailed").get(0).getLong("failures"));
    }

    @Test
    void leakIsRecordedWithThePlaceThatAcquiredAndEventsThatAreDisabledAreNot() throws Exception {
        List<RecordedEvent> events = RecordingFile.readAllEvents(record("BufferLeak"));

        assertEquals(1, events.size(), events.toString());
        RecordedEvent leak = events.get(0);
        assertEquals("io.millrace.BufferLeak", leak.getEventType().getName());
        assertEquals("buffer", leak.getString("kind"));
        assertEquals(2, leak.getInt("count"));
        assertEquals(1_024, leak.getLong("bytes"));
        assertTrue(leak.getString("acquiredAt").contains("FlightEventsIT.leak"), leak.toString());
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

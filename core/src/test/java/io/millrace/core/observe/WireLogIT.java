package io.millrace.core.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.millrace.testing.Loopback;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

class WireLogIT {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.millrace.wire");
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
        }
    };

    @BeforeEach
    void turnOn() {
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.setLevel(Level.TRACE);
        logger.setAdditive(false);
        logger.addAppender(appender);
    }

    @AfterEach
    void turnOff() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
        logger.setLevel(null);
    }

    @Test
    void everyReadAndWriteIsShownWithItsSession() throws Exception {
        try (Loopback loopback = Loopback.of(Loopback.ECHO)) {
            Loopback.Link link = loopback.open();
            link.peer().sendFrame("hi\n!".getBytes(StandardCharsets.US_ASCII));
            assertEquals("hi\n!", new String(link.peer().readFrame(), StandardCharsets.US_ASCII));
            Awaitility.await().until(() -> lines.size() == 3);
            String shown = " bytes=8 hex=0000000468690a21 text=....hi.!";
            assertEquals(
                    List.of(
                            "read; " + link.session() + shown,
                            "writing; " + link.session() + shown,
                            "written; " + link.session() + " bytes=8"),
                    lines);
        }
    }

    @Test
    void moreThanTheLimitIsCountedAndNotShown() {
        ByteBuffer big = ByteBuffer.wrap("x".repeat(65).getBytes(StandardCharsets.US_ASCII));
        ByteBuffer small = ByteBuffer.wrap(new byte[] {'y', (byte) 0xff});
        WireLog.writing("session=1", big);
        WireLog.writing("session=1", new ByteBuffer[] {small, big}, 2);
        assertEquals(0, big.position());
        assertEquals(
                List.of(
                        "writing; session=1 bytes=65 hex=" + "78".repeat(64) + " text=" + "x".repeat(64)
                                + " and 1 more",
                        "writing; session=1 bytes=67 hex=79ff" + "78".repeat(62) + " text=y." + "x".repeat(62)
                                + " and 3 more"),
                lines);
    }

    @Test
    void nothingIsComputedWhileItIsOff() {
        logger.setLevel(Level.DEBUG);
        Object session = new Object() {
            @Override
            public String toString() {
                throw new AssertionError("asked although the log is off");
            }
        };
        WireLog.read(session, ByteBuffer.allocate(0), 1);
        WireLog.writing(session, ByteBuffer.allocate(1));
        WireLog.written(session, 1);
        assertTrue(lines.isEmpty());
    }

    @Test
    void callbacksFindTheirSessionInTheLoggingContextIfThatIsOn() throws Exception {
        LinkedBlockingQueue<Map<String, String>> seen = new LinkedBlockingQueue<>();
        try (Loopback loopback = Loopback.builder()
                .logContext()
                .threads(1)
                .handler((session, message) -> {
                    seen.add(MDC.getCopyOfContextMap());
                    session.send(message);
                })
                .start()) {
            Loopback.Link link = loopback.open();
            link.peer().sendFrame("a".getBytes(StandardCharsets.US_ASCII));
            assertEquals("a", new String(link.peer().readFrame(), StandardCharsets.US_ASCII));
            assertEquals(
                    Map.of(
                            "session", Long.toString(link.session().id()),
                            "remote", link.session().remoteAddress().toString()),
                    seen.poll(10, TimeUnit.SECONDS));
            loopback.runtime().execute(() -> seen.add(copyOfContext()));
            assertEquals(Map.of(), seen.poll(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void loggingContextIsEmptyByDefault() throws Exception {
        LinkedBlockingQueue<Map<String, String>> seen = new LinkedBlockingQueue<>();
        try (Loopback loopback = Loopback.of((session, message) -> seen.add(copyOfContext()))) {
            loopback.open().peer().sendFrame("a".getBytes(StandardCharsets.US_ASCII));
            assertEquals(Map.of(), seen.poll(10, TimeUnit.SECONDS));
        }
    }

    private static Map<String, String> copyOfContext() {
        Map<String, String> context = MDC.getCopyOfContextMap();
        return context == null ? Map.of() : context;
    }
}

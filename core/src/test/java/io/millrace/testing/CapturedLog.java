package io.millrace.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/**
 * What Millrace has logged at WARN or above since this was made, kept from the console.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: captures until {@link #close()}.
 */
public final class CapturedLog implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.millrace");
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
                events.add(event);
            }
        }
    };

    /** Starts to capture. */
    public CapturedLog() {
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.setAdditive(false);
        logger.addAppender(appender);
    }

    /**
     * Returns what was logged, one line each.
     *
     * @return level and message, oldest first
     */
    public List<String> lines() {
        return events.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }

    /** Forgets what was logged: it was expected. */
    public void clear() {
        events.clear();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
        appender.stop();
    }
}

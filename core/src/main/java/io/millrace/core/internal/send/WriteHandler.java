package io.millrace.core.internal.send;

import io.millrace.core.memory.IoContext;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the end of every write to the writer that began it. Lets nothing through to the channel group. */
final class WriteHandler<N extends Number> implements CompletionHandler<N, IoContext> {
    private static final Logger log = LoggerFactory.getLogger(WriteHandler.class);

    @Override
    public void completed(N bytes, IoContext context) {
        finish(context, bytes.longValue(), null);
    }

    @Override
    public void failed(Throwable cause, IoContext context) {
        finish(context, 0, cause);
    }

    private static void finish(IoContext context, long bytes, @Nullable Throwable cause) {
        try {
            context.owner(ChannelWriter.class).completed(bytes, cause);
        } catch (Throwable broken) {
            log.error("write completion could not be handled", broken);
        }
    }
}

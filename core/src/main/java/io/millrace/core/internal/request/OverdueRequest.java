package io.millrace.core.internal.request;

import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request that has had no reply in time, and of which its sender is told outside the table's lock.
 *
 * @param waiting who waits for it
 * @param timeoutNanos how long it was given, in nanoseconds
 */
record OverdueRequest(@Nullable ReplyHandler waiting, long timeoutNanos) {
    RequestTimeoutException failure(Object peer) {
        return new RequestTimeoutException("no reply from " + peer + " within "
                + Duration.ofNanos(timeoutNanos).toMillis() + " ms");
    }
}

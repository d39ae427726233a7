package io.millrace.core;

import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The peer did not accept the connection in time. */
public final class ConnectTimeoutException extends ConnectFailedException {
    private static final long serialVersionUID = 1;

    /**
     * Makes the exception.
     *
     * @param addresses what was tried, in order
     * @param message to which endpoint, what happened at which address, after how long, and what to do about it
     * @param cause what the JDK reported, if the system gave up before the deadline did
     */
    public ConnectTimeoutException(List<InetSocketAddress> addresses, String message, @Nullable Throwable cause) {
        super(Kind.TIMED_OUT, addresses, message, cause);
    }
}

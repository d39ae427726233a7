package io.millrace.core.internal.request;

import io.millrace.core.engine.Deadlines;
import io.millrace.core.protocol.Protocol;
import org.jspecify.annotations.Nullable;

/** Makes the table that fits how replies find their requests. */
public final class RequestTables {
    private RequestTables() {}

    /**
     * Makes an empty table.
     *
     * @param protocol tells how replies find their requests, and what the first token is
     * @param deadlines the timer
     * @param requester the session
     * @return the table, or null if there can be no requests
     */
    public static @Nullable RequestTable of(Protocol protocol, Deadlines deadlines, Requester requester) {
        return switch (protocol.pairing()) {
            case NONE -> null;
            case IN_ORDER -> OrderedRequests.pipelined(deadlines, requester);
            case ONE_AT_A_TIME -> OrderedRequests.oneAtATime(deadlines, requester);
            case BY_TOKEN -> new TokenRequests(deadlines, requester, protocol.firstToken());
        };
    }
}

package io.millrace.samples;

import io.millrace.client.request.RequestRefusedException;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;

/** How requests end, in the words of the programs that Millrace descends from. */
final class SeedStatus {
    static final String OK = "socket:ok";
    private static final String TIMEOUT = "socket:timeout";
    private static final String EXHAUSTED = "socket:connection exhaust";
    private static final String TOO_MANY = "socket:too many request";
    /** There is no reply because the connection was lost, or never made. */
    private static final String NO_DATA = "socket:error_for_return_data_null";

    private SeedStatus() {}

    static String of(Exception failure) {
        if (failure instanceof RequestRefusedException refused) {
            return switch (refused.reason()) {
                case CONNECTIONS_EXHAUSTED -> EXHAUSTED;
                case TOO_MANY_REQUESTS -> TOO_MANY;
                case TIMED_OUT -> TIMEOUT;
                case NO_CONNECTION, GAVE_UP, CLOSED -> NO_DATA;
            };
        }
        if (failure instanceof RequestTimeoutException) {
            return TIMEOUT;
        }
        return failure instanceof TransportException ? NO_DATA : "err:" + failure.getMessage();
    }
}

package io.millrace.core.internal;

import io.millrace.core.MessageHandler;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;

/**
 * What all sessions of a server or client have in common.
 *
 * @param protocol how messages are framed
 * @param config how the sessions behave
 * @param role which side they are
 * @param handler whom they call
 */
public record SessionSetup(Protocol protocol, SessionConfig config, Role role, MessageHandler handler) {
    /** Which side a session is: what a server does, and what a client does, where they differ. */
    public enum Role {
        /** Made by a server: stops reading while its own peer does not read. */
        ACCEPTED,
        /** Made by a client, whose messages go to the handler: never stops reading because of its own queue. */
        CONNECTED,
        /** Made by a client, whose messages are replies to its requests. */
        REQUESTING;

        /**
         * Returns which end of the connection this role is.
         *
         * @return the side
         */
        public Side side() {
            return this == ACCEPTED ? Side.SERVER : Side.CLIENT;
        }
    }
}

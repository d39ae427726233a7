package io.millrace.client;

import io.millrace.core.internal.SessionSetup;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;

/** Refuses what no session of a client could send, before there is one. */
final class PayloadCheck {
    private final SessionSetup setup;
    /** Never encodes. */
    private final FrameEncoder encoder;

    PayloadCheck(SessionSetup setup) {
        this.setup = setup;
        this.encoder = setup.protocol().newEncoder(Side.CLIENT);
    }

    void requireRequest(ByteBuffer payload) {
        if (!setup.asks()) {
            throw new IllegalStateException(
                    setup.protocol().pairing() == Pairing.NONE
                            ? setup.protocol() + " has no frames, so a reply has no end: choose a protocol that has"
                            : "this client was built with onMessage, onPart or onRequest, so replies could not be told"
                                    + " from what they take: build another one without onMessage, onPart and onRequest,"
                                    + " or use Protocol.millrace()");
        }
        requireCarried(payload);
    }

    void requireMessage(ByteBuffer message) {
        if (setup.asks() && setup.protocol().pairing() != Pairing.BY_TOKEN) {
            throw new IllegalStateException("over " + setup.protocol() + " the peer would take this for a request, and"
                    + " its answer would have nowhere to go: use request(), build the client with onMessage, or use"
                    + " Protocol.millrace()");
        }
        requireCarried(message);
    }

    private void requireCarried(ByteBuffer payload) {
        setup.requireNoHeartbeat(payload.remaining());
        encoder.check(payload);
    }
}

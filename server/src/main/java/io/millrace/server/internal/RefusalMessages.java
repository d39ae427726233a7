package io.millrace.server.internal;

import io.millrace.core.config.Ranges;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.RefusalReason;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What refused connections are told, framed once for all of them. Immutable. */
final class RefusalMessages {
    private final Map<RefusalReason, ByteBuffer> frames = new EnumMap<>(RefusalReason.class);

    /**
     * Asks for the payloads, and frames them.
     *
     * @param texts the application's payload for each reason, or null if there are none
     * @param protocol frames them, as the server's side does
     * @throws IllegalArgumentException if one is too long, or cannot be framed
     */
    RefusalMessages(@Nullable Function<RefusalReason, byte @Nullable []> texts, Protocol protocol) {
        if (texts == null) {
            return;
        }
        FrameEncoder encoder = protocol.newEncoder(Side.SERVER);
        for (RefusalReason reason : RefusalReason.values()) {
            byte[] payload = reason == RefusalReason.BROKEN ? null : texts.apply(reason);
            if (payload != null) {
                String property = "refusalMessage for " + reason;
                Ranges.require(property, payload.length, 0, AdmissionConfig.MAX_REFUSAL_BYTES, "bytes");
                frames.put(reason, frame(property, payload, encoder, protocol));
            }
        }
    }

    private static ByteBuffer frame(String property, byte[] payload, FrameEncoder encoder, Protocol protocol) {
        try {
            encoder.check(ByteBuffer.wrap(payload).asReadOnlyBuffer());
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException(
                    property + " cannot be framed by " + protocol + ": " + refused.getMessage(), refused);
        }
        int headerBytes = encoder.headerLength(FrameKind.MESSAGE, payload.length);
        ByteBuffer frame = ByteBuffer.allocate(headerBytes + payload.length + encoder.trailerLength());
        encoder.putHeader(frame, FrameKind.MESSAGE, 0, payload.length);
        frame.put(payload);
        encoder.putTrailer(frame);
        return frame.flip().asReadOnlyBuffer();
    }

    /** Returns a view of the frame for a reason, or null if there is none. */
    @Nullable
    ByteBuffer of(RefusalReason reason) {
        ByteBuffer frame = frames.get(reason);
        return frame == null ? null : frame.duplicate();
    }
}

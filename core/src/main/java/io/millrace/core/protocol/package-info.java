/**
 * How a stream of bytes becomes messages, and back.
 *
 * <p>A {@link io.millrace.core.protocol.Protocol} is immutable and given to both sides. It makes one
 * {@link io.millrace.core.protocol.FrameDecoder} per session, which finds where frames end and remembers how far it has
 * looked, and one {@link io.millrace.core.protocol.FrameEncoder} per session, which writes what surrounds a payload. An
 * encoder that remembers nothing may be the same for all sessions. Both see byte buffers only: no I/O, no session. Programs write their own with the public types alone.
 */
@NullMarked
package io.millrace.core.protocol;

import org.jspecify.annotations.NullMarked;

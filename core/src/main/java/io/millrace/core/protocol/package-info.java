/**
 * How a stream of bytes becomes messages, and back.
 *
 * <p>A {@link io.millrace.core.protocol.Protocol} is immutable and given to both sides. It makes one
 * {@link io.millrace.core.protocol.FrameDecoder} per session, which finds where frames end, and owns one
 * {@link io.millrace.core.protocol.FrameEncoder}, which writes what surrounds a payload. Both are pure functions over
 * byte buffers: no I/O, no session. Programs write their own with the public types alone.
 */
@NullMarked
package io.millrace.core.protocol;

import org.jspecify.annotations.NullMarked;

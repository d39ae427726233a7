/**
 * What one session receives: the one reader of its channel, which finds the frames. Knows nothing of sessions but what
 * {@link io.millrace.core.internal.receive.Receiver} says.
 */
@NullMarked
package io.millrace.core.internal.receive;

import org.jspecify.annotations.NullMarked;

/**
 * What one session sends: the queue of its bytes, and the one writer of its channel. Knows nothing of sessions but what
 * {@link io.millrace.core.internal.send.Sender} says.
 */
@NullMarked
package io.millrace.core.internal.send;

import org.jspecify.annotations.NullMarked;

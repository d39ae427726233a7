/**
 * The requests that one session has sent, and that wait for their replies; those that it has to answer are in {@code
 * internal.answer}. Knows nothing of sessions but what
 * {@link io.millrace.core.internal.request.Requester} says.
 */
@NullMarked
package io.millrace.core.internal.request;

import org.jspecify.annotations.NullMarked;

/**
 * The requests that one session has sent, and that wait for their replies. Knows nothing of sessions but what
 * {@link io.millrace.core.internal.request.Requester} says.
 */
@NullMarked
package io.millrace.core.internal.request;

import org.jspecify.annotations.NullMarked;

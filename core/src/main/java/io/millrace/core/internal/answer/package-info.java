/**
 * The requests that one session has taken, and owes an answer. Knows nothing of sessions but what
 * {@link io.millrace.core.internal.answer.Outlet} says.
 */
@NullMarked
package io.millrace.core.internal.answer;

import org.jspecify.annotations.NullMarked;

/**
 * The requests of its peer that one session has taken, and owes an answer; those that it has sent itself are in {@code
 * internal.request}. Knows nothing of sessions but what
 * {@link io.millrace.core.internal.answer.Outlet} says.
 */
@NullMarked
package io.millrace.core.internal.answer;

import org.jspecify.annotations.NullMarked;

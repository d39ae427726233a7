/**
 * Servers: binding, accepting, and the sessions that follow.
 *
 * <p>Everything that {@link io.millrace.core} says about threads, order, ownership, limits and shutdown holds here.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;

/**
 * Clients: connecting, and asking.
 *
 * <p>Everything that {@link io.millrace.core} says about threads, order, ownership, limits and shutdown holds here.
 */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;

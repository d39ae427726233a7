/**
 * Clients: connecting, asking, and staying connected.
 *
 * <p>{@link io.millrace.client.TcpClient} is where to begin. What it can be told is in three packages:
 * {@link io.millrace.client.endpoint} says where to connect to and when to try again,
 * {@link io.millrace.client.pool} how many connections there are and who may have them,
 * {@link io.millrace.client.request} how something is asked and what comes of it.
 *
 * <p>Everything that {@link io.millrace.core} says about threads, order, ownership, limits and shutdown holds here.
 */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;

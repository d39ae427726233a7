/**
 * What drives a group: its channel group, its named threads, its timer, and the order in which work runs on them.
 *
 * <p>Everything speaks {@code java.nio.channels.spi.AsynchronousChannelProvider}, so that which engine completes an
 * operation is a choice made in one place.
 */
@NullMarked
package io.millrace.core.engine;

import org.jspecify.annotations.NullMarked;

/**
 * Pooled memory and pooled operation state.
 *
 * <p>{@link io.millrace.core.memory.BufferPool} owns every direct byte of a group;
 * {@link io.millrace.core.memory.IoContextPool} owns the state of every operation slot. Nothing here knows what a
 * session or an engine is.
 */
@NullMarked
package io.millrace.core.memory;

import org.jspecify.annotations.NullMarked;

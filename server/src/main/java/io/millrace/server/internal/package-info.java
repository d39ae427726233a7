/** Accepting connections, and the way to the end: {@link Drain}, who is told of it, and the exit status. */
@NullMarked
package io.millrace.server.internal;

import org.jspecify.annotations.NullMarked;

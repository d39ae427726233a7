/** Accepting connections. */
@NullMarked
package io.millrace.server.internal;

import org.jspecify.annotations.NullMarked;

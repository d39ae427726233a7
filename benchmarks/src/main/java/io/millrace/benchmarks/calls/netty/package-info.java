/** Request/reply written by hand on Netty, to be as fast as it can be. */
@NullMarked
package io.millrace.benchmarks.calls.netty;

import org.jspecify.annotations.NullMarked;

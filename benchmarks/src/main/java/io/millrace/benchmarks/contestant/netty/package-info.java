/** Netty's contestants, each for any of its transports. */
@NullMarked
package io.millrace.benchmarks.contestant.netty;

import org.jspecify.annotations.NullMarked;

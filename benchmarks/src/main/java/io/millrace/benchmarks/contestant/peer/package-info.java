/** The contestants of smart-socket, t-io and MINA. */
@NullMarked
package io.millrace.benchmarks.contestant.peer;

import org.jspecify.annotations.NullMarked;

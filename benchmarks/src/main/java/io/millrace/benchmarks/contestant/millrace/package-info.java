/** Millrace's contestants, with every default on. */
@NullMarked
package io.millrace.benchmarks.contestant.millrace;

import org.jspecify.annotations.NullMarked;

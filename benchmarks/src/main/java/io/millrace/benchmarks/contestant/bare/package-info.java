/** What the JDK alone can do: the least that a framework costs more than. */
@NullMarked
package io.millrace.benchmarks.contestant.bare;

import org.jspecify.annotations.NullMarked;

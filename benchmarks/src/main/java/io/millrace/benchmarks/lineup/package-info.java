/** Who takes part, in every role. */
@NullMarked
package io.millrace.benchmarks.lineup;

import org.jspecify.annotations.NullMarked;

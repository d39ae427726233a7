/** Puts Millrace beside its peers: the commands of the executable jar. */
@NullMarked
package io.millrace.benchmarks;

import org.jspecify.annotations.NullMarked;

/** Processes of our own that are pinned to a processor, do as they are told over a pipe, and end with us. */
@NullMarked
package io.millrace.benchmarks.child;

import org.jspecify.annotations.NullMarked;

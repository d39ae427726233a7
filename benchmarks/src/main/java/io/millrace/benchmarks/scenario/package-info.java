/** The scenarios beside the echo, and how contestants take turns in them. */
@NullMarked
package io.millrace.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;

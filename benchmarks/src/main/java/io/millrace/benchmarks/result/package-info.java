/** What runs measure, as values that are written to JSON and read again, and the statistics over them. */
@NullMarked
package io.millrace.benchmarks.result;

import org.jspecify.annotations.NullMarked;

/** The load: a lean program over a selector that knows neither Millrace nor its peers. */
@NullMarked
package io.millrace.benchmarks.load;

import org.jspecify.annotations.NullMarked;

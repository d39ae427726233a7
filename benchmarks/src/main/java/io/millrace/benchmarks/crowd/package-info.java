/** Loads of many connections: held, come and go, and all told the same. They know neither Millrace nor its peers. */
@NullMarked
package io.millrace.benchmarks.crowd;

import org.jspecify.annotations.NullMarked;

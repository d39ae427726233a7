/** What single parts of Millrace cost, measured by JMH: nanoseconds and bytes allocated, without a network. */
@NullMarked
package io.millrace.benchmarks.micro;

import org.jspecify.annotations.NullMarked;

/** The request/reply scenario: clients that are measured together with the servers they ask. */
@NullMarked
package io.millrace.benchmarks.calls;

import org.jspecify.annotations.NullMarked;

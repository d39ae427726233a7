/** What the clients of the request/reply scenario have in common. */
@NullMarked
package io.millrace.benchmarks.calls.caller;

import org.jspecify.annotations.NullMarked;

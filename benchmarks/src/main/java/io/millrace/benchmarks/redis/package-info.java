/** The sample {@code resp-server} beside the server whose protocol it speaks, under the load of Redis itself. */
@NullMarked
package io.millrace.benchmarks.redis;

import org.jspecify.annotations.NullMarked;

/** Measures contestants side by side: every scenario under one plan, with progress shown while it runs. */
@NullMarked
package io.millrace.benchmarks.run;

import org.jspecify.annotations.NullMarked;

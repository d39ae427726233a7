/** Results as tables, for a terminal and as Markdown. */
@NullMarked
package io.millrace.benchmarks.table;

import org.jspecify.annotations.NullMarked;

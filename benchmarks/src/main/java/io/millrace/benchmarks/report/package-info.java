/**
 * Measures everything and writes it up: {@code docs/performance.md} with its charts, and the summary in the README.
 * Every number there comes from {@code docs/performance/results.json}, and the words from two templates beside this
 * package, so that nobody edits what is generated.
 */
@NullMarked
package io.millrace.benchmarks.report;

import org.jspecify.annotations.NullMarked;

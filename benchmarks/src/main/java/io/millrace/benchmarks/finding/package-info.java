/** What a run shows: who is compared with whom by what, and whether what was asked of Millrace holds. */
@NullMarked
package io.millrace.benchmarks.finding;

import org.jspecify.annotations.NullMarked;

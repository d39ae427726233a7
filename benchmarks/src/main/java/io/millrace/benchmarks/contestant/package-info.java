/** The programs that are measured, each as its own documentation would write it. One runs in a JVM of its own. */
@NullMarked
package io.millrace.benchmarks.contestant;

import org.jspecify.annotations.NullMarked;

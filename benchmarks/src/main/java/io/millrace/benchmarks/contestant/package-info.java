/** What a program that is measured has to be: written as its own documentation would, and alone in a JVM of its own. */
@NullMarked
package io.millrace.benchmarks.contestant;

import org.jspecify.annotations.NullMarked;

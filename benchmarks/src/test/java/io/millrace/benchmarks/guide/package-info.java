/** The code of Netty's that docs/guide shows beside Millrace's, so that it compiles. */
@NullMarked
package io.millrace.benchmarks.guide;

import org.jspecify.annotations.NullMarked;

/** Programs that show how Millrace is used: each runs from an IDE with no arguments, on the public API alone. */
@NullMarked
package io.millrace.samples;

import org.jspecify.annotations.NullMarked;

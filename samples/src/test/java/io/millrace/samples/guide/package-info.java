/** The code that the pages of docs/guide show, so that it compiles, and the tests that keep the two together. */
@NullMarked
package io.millrace.samples.guide;

import org.jspecify.annotations.NullMarked;

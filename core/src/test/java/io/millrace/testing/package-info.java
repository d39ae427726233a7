/** The test kit that all modules share. */
@NullMarked
package io.millrace.testing;

import org.jspecify.annotations.NullMarked;

/**
 * Puts the same load on every {@linkplain io.millrace.samples.models rung} of the I/O-model ladder, and shows what each
 * costs. Server and load are processes of their own, on a processor each where that can be had.
 */
@NullMarked
package io.millrace.samples.ladder;

import org.jspecify.annotations.NullMarked;

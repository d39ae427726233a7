/**
 * The Redis serialization protocol, written with Millrace's public types alone, and a subset of Redis that speaks it.
 */
@NullMarked
package io.millrace.samples.resp;

import org.jspecify.annotations.NullMarked;

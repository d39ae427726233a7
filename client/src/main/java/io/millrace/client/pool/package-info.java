/** The connections that a client keeps: how many, for how long, who gets which, and what became of them. */
@NullMarked
package io.millrace.client.pool;

import org.jspecify.annotations.NullMarked;

/** The connections of a client: which there are, who may use which, and when to open another or to do without one. */
@NullMarked
package io.millrace.client.internal.pool;

import org.jspecify.annotations.NullMarked;

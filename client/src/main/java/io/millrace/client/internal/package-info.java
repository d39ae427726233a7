/** Making connections. */
@NullMarked
package io.millrace.client.internal;

import org.jspecify.annotations.NullMarked;

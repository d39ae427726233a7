/** Where a client connects to: which endpoints there are, which is picked, and when a failed one is tried again. */
@NullMarked
package io.millrace.client.endpoint;

import org.jspecify.annotations.NullMarked;

/** Requests on their way through a client: one, or a batch, from the claim on a connection to the outcome. */
@NullMarked
package io.millrace.client.internal.exchange;

import org.jspecify.annotations.NullMarked;

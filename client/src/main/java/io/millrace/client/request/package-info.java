/**
 * Asking: how a request is made, every way in which it can end, and when it is made again.
 *
 * <p>A request ends in exactly one {@link io.millrace.client.request.Outcome}. By default it is made at most once: only
 * what certainly has not reached the server is made again, within a budget
 * ({@link io.millrace.client.request.RetryConfig}). Who says that doing it twice does no harm
 * ({@link io.millrace.client.request.RequestOptions#idempotent()}) has it made again also when its connection is lost.
 */
@NullMarked
package io.millrace.client.request;

import org.jspecify.annotations.NullMarked;

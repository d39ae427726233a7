/**
 * Requests and replies of one session, both ways: those it has sent and waits for, and those it has taken and owes an
 * answer. Knows nothing of sessions but what {@link io.millrace.core.internal.request.RequestTable.Requester} and
 * {@link io.millrace.core.internal.request.Outlet} say.
 */
@NullMarked
package io.millrace.core.internal.request;

import org.jspecify.annotations.NullMarked;

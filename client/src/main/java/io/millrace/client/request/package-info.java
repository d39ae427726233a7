/** What a client is asked, and what comes of it. */
@NullMarked
package io.millrace.client.request;

import org.jspecify.annotations.NullMarked;

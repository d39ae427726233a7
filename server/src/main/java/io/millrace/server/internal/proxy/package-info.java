/** Reading PROXY headers, from connections that are not sessions yet. */
@NullMarked
package io.millrace.server.internal.proxy;

import org.jspecify.annotations.NullMarked;

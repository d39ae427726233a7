/** Who may connect, how many, and how fast: the rules of a server's door. */
@NullMarked
package io.millrace.server.admission;

import org.jspecify.annotations.NullMarked;

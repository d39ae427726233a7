/**
 * What can be seen from outside: events for the flight recorder, beans for JMX, the wire log, the logging context.
 * Knows no session: it is told numbers, addresses and texts.
 */
@NullMarked
package io.millrace.core.observe;

import org.jspecify.annotations.NullMarked;

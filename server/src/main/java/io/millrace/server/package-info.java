/**
 * Servers: binding, accepting, and the sessions that follow.
 *
 * <ul>
 *   <li>{@link io.millrace.server.TcpServerBuilder} collects the settings and makes a
 *       {@link io.millrace.server.TcpServer}, which starts and stops once (see {@link io.millrace.server.ServerState}).
 *   <li>{@link io.millrace.server.admission} decides who is let in; {@link io.millrace.server.ProxyProtocol} finds out who
 *       that is behind a balancer.
 *   <li>{@link io.millrace.server.SessionGroups} and {@link io.millrace.server.SessionUsers} give sessions names to be
 *       found by; a {@link io.millrace.server.SessionGroup} sends one message to many.
 *   <li>A drain ends in a {@link io.millrace.server.DrainReport}; a {@link io.millrace.server.ShutdownHook} drains when
 *       the JVM is told to end; {@link io.millrace.server.ServerHealth} is for whoever watches.
 *   <li>{@link io.millrace.server.TcpServerSnapshot} has all figures as text and JSON: counters
 *       ({@link io.millrace.server.TcpServerStats}) and rates ({@link io.millrace.server.TcpServerRates}).
 * </ul>
 *
 * <p>Everything that {@link io.millrace.core} says about threads, order, ownership, limits and shutdown holds here.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;

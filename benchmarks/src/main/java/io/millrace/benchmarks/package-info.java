/**
 * Puts Millrace beside its peers: the commands of the executable jar.
 *
 * <pre>
 *     this JVM (compare, report)           one pair of processes for each contestant
 *     Scenario                             +------------------+         +-----------------+
 *       -- SideBySide: whose turn --ask--> | load             | --TCP-- | server          |
 *       -- Meter: CPU, bytes ------------> | on processor 1   |         | on processor 0  |
 *                                          +------------------+         +-----------------+
 * </pre>
 *
 * <p>The words, from the inside out:
 *
 * <ul>
 *   <li>A <em>contestant</em> is a program that is measured, in a <em>role</em>: an echo, a proxy, a broadcast. Those
 *       of Millrace and the bare ones over the JDK are contestants as the <em>peers</em> are, the frameworks of others.
 *   <li>A <em>scenario</em> is a kind of work, a <em>point</em> one size of it, such as {@code 64x32x64}.
 *   <li>In a <em>trial</em> all processes start afresh. It has several <em>rounds</em>; in a round each contestant has
 *       one <em>turn</em>, in which only it has load. (This has nothing to do with the turns of an I/O thread.)
 *   <li>A turn brings a value of each <em>figure</em>, such as CPU per message; all values of one figure of one
 *       contestant at a point are a <em>series</em>. Series are compared round by round.
 * </ul>
 *
 * <p>Packages: {@code contestant} and below, who is measured, found through {@code lineup}; {@code load}, {@code
 * crowd} and {@code calls}, who loads them; {@code child}, processes; {@code run}, {@code scenario} and {@code
 * redis}, who has its turn when; {@code result}, values; {@code table}, {@code chart}, {@code finding} and {@code report}, what is shown
 * of them; {@code micro}, parts of the core alone, with JMH.
 */
@NullMarked
package io.millrace.benchmarks;

import org.jspecify.annotations.NullMarked;

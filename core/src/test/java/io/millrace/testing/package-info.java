/**
 * The test kit that all modules share.
 *
 * <ul>
 *   <li>Start here: {@link io.millrace.testing.Loopback} is a group with live sessions, each with a
 *       {@link io.millrace.testing.RawPeer} at its other end that a test drives byte by byte; a
 *       {@link io.millrace.testing.Recording} is what a session has told its handler.
 *   <li>Other programs: a {@link io.millrace.testing.Script} plays either end of a conversation that is written down
 *       byte by byte.
 *   <li>Time: {@link io.millrace.testing.ManualClock} moves deadlines by hand.
 *   <li>Faults: {@link io.millrace.testing.FaultProxy} with {@link io.millrace.testing.Toxics} between two ends,
 *       {@link io.millrace.testing.FaultyChannel} and {@link io.millrace.testing.ChunkingChannel} below a session.
 *   <li>What must be left behind: {@link io.millrace.testing.NetworkTest} marks a class whose tests are watched
 *       for threads, descriptors and log lines left over; {@link io.millrace.testing.CapturedLog} takes what is
 *       expected there; {@link io.millrace.testing.LeakCheck} is the same for modules that have no session at hand.
 *   <li>Ways to run: {@link io.millrace.testing.Permutation} repeats a test for every number of threads and place of
 *       handlers; {@link io.millrace.testing.ChildJvm} runs a program under limits, flags and signals.
 * </ul>
 */
@NullMarked
package io.millrace.testing;

import org.jspecify.annotations.NullMarked;

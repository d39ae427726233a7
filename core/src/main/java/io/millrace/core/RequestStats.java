package io.millrace.core;

/**
 * The counters of the requests that peers have sent and that are answered here. Immutable.
 *
 * @param inProgress requests taken and not answered yet
 * @param answered requests answered with a reply, since the start
 * @param failed requests answered with an error, since the start: the handler's, or for a handler that threw
 * @param busy requests not begun because too many were in progress, since the start; in none of the other counters
 * @param dropped requests whose session ended before they were answered, since the start
 * @param latency from taking a request to its answer being queued, since the start. Sampled: of each session the first
 *     request and then every sixteenth or so, so that measuring costs nothing that can be measured itself
 */
public record RequestStats(
        long inProgress, long answered, long failed, long busy, long dropped, LatencyStats latency) {}

package io.millrace.benchmarks.contestant;

/** What a contestant does. Frames have a big-endian int32 in front, the number of bytes that follow. */
public enum Role {
    /** Sends every frame back. */
    ECHO,

    /** Passes every frame on to {@link ServeOptions#target()}, and back what comes from there. */
    PROXY,

    /** Answers requests, each with its own payload; the contestant's own request client asks them. */
    ANSWER,

    /** Sends every frame that one connection sends to all connections. */
    BROADCAST
}

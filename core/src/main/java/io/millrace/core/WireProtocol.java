package io.millrace.core;

/**
 * What both sides of a session have agreed to speak: always an {@code io.millrace.core.protocol.Protocol}. It is a type
 * of its own only because that package builds on this one, and not the other way round.
 */
public interface WireProtocol {}

package io.millrace.server;

import java.time.Duration;

/**
 * What a server does per second, over the last while. Immutable.
 *
 * @param interval the time that the rates are over: about 1 to 10 seconds, since the start if the server is younger, and
 *     since the last look if nobody has looked for longer
 * @param accepted connections accepted per second
 * @param refused connections refused per second
 * @param bytesReceived bytes read from all connections per second
 * @param bytesSent bytes written to all connections per second
 * @param messagesReceived whole messages received per second
 * @param messagesSent messages accepted for sending per second
 * @param requests requests answered per second, with a reply or an error
 */
public record TcpServerRates(
        Duration interval,
        double accepted,
        double refused,
        double bytesReceived,
        double bytesSent,
        double messagesReceived,
        double messagesSent,
        double requests) {}

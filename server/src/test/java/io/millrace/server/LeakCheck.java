package io.millrace.server;

/** The kit's check, for servers. */
final class LeakCheck extends io.millrace.testing.LeakCheck {
    TcpServer watch(TcpServer server) {
        return watch(server, server.group());
    }
}

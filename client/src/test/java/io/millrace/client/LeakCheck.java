package io.millrace.client;

import io.millrace.server.TcpServer;

/** The kit's check, for clients and the servers they talk to. */
final class LeakCheck extends io.millrace.testing.LeakCheck {
    TcpClient watch(TcpClient client) {
        return watch(client, client.group());
    }

    TcpServer watch(TcpServer server) {
        return watch(server, server.group());
    }
}

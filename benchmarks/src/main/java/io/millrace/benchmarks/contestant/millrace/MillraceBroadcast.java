package io.millrace.benchmarks.contestant.millrace;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.InetAddress;

/** Millrace's broadcast with every default on, to a group that every session joins. */
public final class MillraceBroadcast implements Contestant {
    private static final String EVERYBODY = "everybody";

    @Override
    public String name() {
        return "millrace";
    }

    @Override
    @SuppressWarnings("resource") // it serves until the process ends
    public int start(ServeOptions options) throws IOException {
        IoGroup group = IoGroup.builder().name("broadcast").threads(1).start();
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed(PrefixHandler.int32().maxPayloadBytes(options.maxFrameBytes())))
                .onOpen(session -> TcpServer.of(session).groups().join(EVERYBODY, session))
                .onMessage((session, message) ->
                        TcpServer.of(session).groups().group(EVERYBODY).broadcast(message))
                .maxConnections(20_000)
                .bind(InetAddress.getLoopbackAddress().getHostAddress(), 0)
                .port();
    }
}

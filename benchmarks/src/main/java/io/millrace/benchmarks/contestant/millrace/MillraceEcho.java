package io.millrace.benchmarks.contestant.millrace;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.InetAddress;

/**
 * Millrace with every default on; only the longest frame is set. It answers with {@code transfer}, as Millrace's
 * documentation says of messages that are sent on as they came: large ones are not copied, short ones are.
 */
public final class MillraceEcho implements Contestant {
    @Override
    public String name() {
        return "millrace";
    }

    @Override
    @SuppressWarnings("resource") // it serves until the process ends
    public int start(ServeOptions options) throws IOException {
        IoGroup group = IoGroup.builder().name("echo").threads(1).start();
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed(PrefixHandler.int32().maxPayloadBytes(options.maxFrameBytes())))
                .onMessage((session, message) -> session.transfer(message))
                .maxConnections(20_000)
                .bind(InetAddress.getLoopbackAddress().getHostAddress(), 0)
                .port();
    }
}

package io.millrace.server;

import io.millrace.core.IoGroup;
import io.millrace.core.internal.SessionSetup;
import io.millrace.server.admission.AdmissionConfig;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** All that a server has been asked for, checked. */
record ServerPlan(
        SessionSetup setup,
        List<InetSocketAddress> addresses,
        ListenerConfig listener,
        int backlog,
        AdmissionConfig admission,
        @Nullable ProxyProtocol proxyProtocol,
        long drainNanos,
        boolean jmx,
        @Nullable IoGroup sharedGroup,
        int ownThreads,
        @Nullable BiConsumer<TcpServer, ServerState> onStateChange) {
    boolean ownsGroup() {
        return sharedGroup == null;
    }
}

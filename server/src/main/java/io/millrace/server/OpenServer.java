package io.millrace.server;

import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Sockets;
import io.millrace.server.internal.Admission;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.util.ArrayList;
import java.util.List;

/** What a server has open: its group, its listening channels, its sessions. All of it, or nothing. */
record OpenServer(
        IoGroup group,
        IoRuntime runtime,
        Admission admission,
        List<InetSocketAddress> addresses,
        ServerStatistics statistics) {
    /**
     * Opens all that is planned.
     *
     * @param plan what was asked for
     * @param member what the group closes when it is closed
     * @param server whose sessions it will have
     * @return all of it, not accepting yet
     * @throws TransportException if a name is unknown, an address is taken, or the system refuses; nothing is open then
     */
    static OpenServer open(ServerPlan plan, AutoCloseable member, TcpServer server) throws TransportException {
        List<InetSocketAddress> wanted = new ArrayList<>();
        for (InetSocketAddress address : plan.addresses()) {
            wanted.add(resolved(address));
        }
        IoGroup shared = plan.sharedGroup();
        IoGroup group = shared != null
                ? shared
                : IoGroup.builder().threads(plan.ownThreads()).start();
        List<AsynchronousServerSocketChannel> channels = new ArrayList<>();
        boolean complete = false;
        try {
            IoRuntime runtime = GroupAccess.runtimeOf(group);
            Sockets.check(runtime, plan.setup().config().socket());
            List<InetSocketAddress> bound = new ArrayList<>();
            for (InetSocketAddress address : wanted) {
                bound.add(bind(runtime, plan, address, channels));
            }
            Admission admission = new Admission(runtime, plan.setup(), channels, plan.admission(), server);
            ServerStatistics statistics =
                    new ServerStatistics(runtime, admission, plan.setup().served());
            if (plan.proxyProtocol() != null) {
                admission.readProxyHeaders(plan.proxyProtocol().rules());
            }
            runtime.join(member);
            complete = true;
            return new OpenServer(group, runtime, admission, List.copyOf(bound), statistics);
        } finally {
            if (!complete) {
                channels.forEach(OpenServer::closeQuietly);
                if (plan.ownsGroup()) {
                    group.close();
                }
            }
        }
    }

    /** A name that was not known when it was given may be by now. */
    private static InetSocketAddress resolved(InetSocketAddress address) throws TransportException {
        if (!address.isUnresolved()) {
            return address;
        }
        String host = address.getHostString();
        InetSocketAddress known = new InetSocketAddress(host, address.getPort());
        if (known.isUnresolved()) {
            throw new TransportException(
                    "cannot bind to " + host + ": the name is not known; give a local one, a local address, or the"
                            + " port alone for all addresses",
                    new UnknownHostException(host));
        }
        return known;
    }

    private static InetSocketAddress bind(
            IoRuntime runtime,
            ServerPlan plan,
            InetSocketAddress address,
            List<AsynchronousServerSocketChannel> channels)
            throws TransportException {
        try {
            AsynchronousServerSocketChannel channel = runtime.openServerChannel();
            channels.add(channel);
            Sockets.beforeBind(plan.listener().options(), plan.setup().config().socket(), channel);
            channel.bind(address, plan.backlog());
            return (InetSocketAddress) channel.getLocalAddress();
        } catch (IOException e) {
            throw new TransportException(
                    "cannot bind to " + address + ": " + e.getMessage()
                            + "; the address must be one of this machine's, and its port free (0 lets the system"
                            + " choose) and allowed",
                    e);
        }
    }

    private static void closeQuietly(AsynchronousServerSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It was of no use, and whoever wanted it is told why.
        }
    }
}

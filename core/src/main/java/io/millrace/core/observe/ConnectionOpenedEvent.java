package io.millrace.core.observe;

import java.net.SocketAddress;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A connection has opened. */
@Name("io.millrace.ConnectionOpened")
@Label("Connection Opened")
@Category("Millrace")
@Description("A connection has opened")
@StackTrace(false)
final class ConnectionOpenedEvent extends Event {
    // Written before the event is committed, by the one thread that knows it.
    @Label("Session")
    long session;

    @Label("Remote Address")
    String remoteAddress = "";

    @Label("Local Address")
    String localAddress = "";

    static void emit(long session, SocketAddress remote, SocketAddress local) {
        ConnectionOpenedEvent event = new ConnectionOpenedEvent();
        if (event.shouldCommit()) {
            event.session = session;
            event.remoteAddress = remote.toString();
            event.localAddress = local.toString();
            event.commit();
        }
    }
}

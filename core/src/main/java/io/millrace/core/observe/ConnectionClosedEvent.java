package io.millrace.core.observe;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A connection has ended. */
@Name("io.millrace.ConnectionClosed")
@Label("Connection Closed")
@Category("Millrace")
@Description("A connection has ended")
@StackTrace(false)
final class ConnectionClosedEvent extends Event {
    // Written before the event is committed, by the one thread that knows it.
    @Label("Session")
    long session;

    @Label("Remote Address")
    String remoteAddress = "";

    @Label("Local Address")
    String localAddress = "";

    @Label("Reason")
    String reason = "";

    @Label("Detail")
    String detail = "";

    @Label("Open Time")
    @Timespan(Timespan.NANOSECONDS)
    long openTime;

    @Label("Bytes Received")
    @DataAmount(DataAmount.BYTES)
    long bytesReceived;

    @Label("Bytes Sent")
    @DataAmount(DataAmount.BYTES)
    long bytesSent;

    static void emit(FlightEvents.EndedConnection ended) {
        ConnectionClosedEvent event = new ConnectionClosedEvent();
        if (event.shouldCommit()) {
            event.session = ended.id();
            event.remoteAddress = ended.remoteAddress().toString();
            event.localAddress = ended.localAddress().toString();
            event.reason = ended.reasonKind();
            event.detail = ended.reasonDetail();
            event.openTime = ended.openNanos();
            event.bytesReceived = ended.bytesReceived();
            event.bytesSent = ended.bytesSent();
            event.commit();
        }
    }
}

package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.SessionStats;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ClientStatsIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void clientCountsItsSessionsAndShowsThemToJmxUntilItIsClosed() throws Exception {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            TcpClient client = leaks.watch(Clients.to(listener.getLocalPort()).build());
            ObjectName name =
                    new ObjectName("io.millrace:type=Client,name=\"127.0.0.1:" + listener.getLocalPort() + "\"");
            assertEquals(new TcpClientStats(0, 0, 0, 0, 0, 0, 0, new SessionStats(0, 0, 0, 0)), client.stats());

            CompletableFuture<?> reply = client.request(new byte[] {7}, Duration.ofSeconds(10));
            try (Socket peer = listener.accept()) {
                DataInputStream in = new DataInputStream(peer.getInputStream());
                byte[] frame = in.readNBytes(5);
                new DataOutputStream(peer.getOutputStream()).write(frame);
                reply.get(10, TimeUnit.SECONDS);
                SessionStats once = new SessionStats(5, 1, 5, 1);
                Awaitility.await().until(() -> client.stats().equals(new TcpClientStats(1, 1, 1, 0, 0, 0, 0, once)));
                assertEquals(1, beans.getAttribute(name, "Connections"));
                assertEquals(5L, beans.getAttribute(name, "BytesSent"));
                assertEquals("127.0.0.1:" + listener.getLocalPort(), beans.getAttribute(name, "Endpoint"));
            }
            Awaitility.await().until(() -> client.stats().connections() == 0);
            assertEquals(5, client.stats().traffic().bytesReceived());
            client.close();
            assertFalse(beans.isRegistered(name));
        }
    }

    @Test
    void connectThatFailsIsCountedAndOptOutIsNotShown() throws Exception {
        int dead;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            dead = closed.getLocalPort();
        }
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.millrace())
                .endpoint("127.0.0.1", dead)
                .jmx(false)
                .build());
        assertThrows(TransportException.class, () -> client.call(new byte[1], Duration.ofSeconds(10)));
        assertEquals(1, client.stats().connectFailures());
        assertEquals(0, client.stats().opened());
        assertFalse(ManagementFactory.getPlatformMBeanServer()
                .isRegistered(new ObjectName("io.millrace:type=Client,name=\"127.0.0.1:" + dead + "\"")));
    }
}

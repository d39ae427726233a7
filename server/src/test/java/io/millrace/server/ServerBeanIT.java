package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.millrace.core.protocol.Protocol;
import io.millrace.testing.ChildJvm;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import javax.management.MBeanServer;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXConnectorServer;
import javax.management.remote.JMXConnectorServerFactory;
import javax.management.remote.JMXServiceURL;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ServerBeanIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static TcpServerBuilder echo() {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message));
    }

    @Test
    void serverIsShownFromBindToClose() throws Exception {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        TcpServer server = leaks.watch(echo().bind("127.0.0.1", 0));
        ObjectName name = new ObjectName("io.millrace:type=Server,name=\"127.0.0.1:" + server.port() + "\"");
        assertEquals("hello", leaks.close(RawClient.to(server.port())).ask("hello"));

        assertEquals(1, beans.getAttribute(name, "Connections"));
        assertEquals(1L, beans.getAttribute(name, "Accepted"));
        assertEquals(1L, beans.getAttribute(name, "MessagesReceived"));
        assertEquals(9L, beans.getAttribute(name, "BytesReceived"));
        server.close();
        assertFalse(beans.isRegistered(name));
    }

    @Test
    void serverThatOptsOutIsNotShown() throws Exception {
        TcpServer server = leaks.watch(echo().jmx(false).bind("127.0.0.1", 0));

        assertFalse(ManagementFactory.getPlatformMBeanServer()
                .isRegistered(new ObjectName("io.millrace:type=Server,name=\"127.0.0.1:" + server.port() + "\"")));
    }

    /** A server in a JVM of its own, until it is killed. */
    public static final class ServerProgram {
        private ServerProgram() {}

        public static void main(String[] args) throws Exception {
            String url = JmxAgent.start();
            TcpServer server = echo().bind("127.0.0.1", 0);
            System.out.println("port=" + server.port());
            System.out.println("jmx=" + url);
            server.awaitClosed();
        }
    }

    /** A JMX connector server on loopback. */
    private static final class JmxAgent {
        static String start() throws Exception {
            JMXConnectorServer connector = JMXConnectorServerFactory.newJMXConnectorServer(
                    new JMXServiceURL("service:jmx:rmi://127.0.0.1"), null, ManagementFactory.getPlatformMBeanServer());
            connector.start();
            return connector.getAddress().toString();
        }
    }

    private static String printed(ChildJvm child, String key) {
        Awaitility.await().until(() -> {
            int start = child.output().indexOf(key);
            return start >= 0 && child.output().indexOf('\n', start) > 0;
        });
        return child.output()
                .lines()
                .filter(line -> line.startsWith(key))
                .findFirst()
                .orElseThrow()
                .substring(key.length());
    }

    /** A client of JMX that prints what it reads, in a JVM of its own, for RMI leaves descriptors open for a while. */
    public static final class ReaderProgram {
        private ReaderProgram() {}

        public static void main(String[] args) throws Exception {
            try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(args[0]))) {
                MBeanServerConnection beans = connector.getMBeanServerConnection();
                ObjectName server = new ObjectName("io.millrace:type=Server,name=\"127.0.0.1:" + args[1] + "\"");
                System.out.println("accepted=" + beans.getAttribute(server, "Accepted"));
                for (ObjectName group : beans.queryNames(new ObjectName("io.millrace:type=Group,*"), null)) {
                    System.out.println("lost=" + beans.getAttribute(group, "LostThreads"));
                }
            }
        }
    }

    @Test
    void clientOfJmxInAnotherProcessReadsTheServerAndItsGroup() throws Exception {
        List<String> flags = List.of("-Djava.rmi.server.hostname=127.0.0.1");
        try (ChildJvm child = ChildJvm.start(ServerProgram.class, flags)) {
            String port = printed(child, "port=");
            String url = printed(child, "jmx=");
            RawClient client = leaks.close(RawClient.to(Integer.parseInt(port)));
            assertEquals("hello", client.ask("hello"));
            try (ChildJvm reader = ChildJvm.start(ReaderProgram.class, flags, url, port)) {
                assertEquals(0, reader.awaitExit(Duration.ofSeconds(20)), reader::output);
                assertEquals("accepted=1\nlost=0\n", reader.output());
            }
        }
    }
}

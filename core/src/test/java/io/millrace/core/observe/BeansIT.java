package io.millrace.core.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.engine.GroupAccess;
import io.millrace.testing.ChildJvm;
import io.millrace.testing.ManualClock;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class BeansIT {
    /** Shows beans in a JVM that has no MBean server yet. */
    public static final class FirstUser {
        private FirstUser() {}

        public static void main(String[] args) throws Exception {
            beanTakenAwayBefore();
            ManualClock clock = new ManualClock();
            try (IoGroup first = start("first", clock)) {
                clock.drives(GroupAccess.runtimeOf(first).deadlines());
                clock.advance(Duration.ofMillis(900));
                System.out.println("at the start: " + hasServer());
                clock.advance(Duration.ofMillis(200));
                Awaitility.await().until(FirstUser::hasServer);
                MBeanServer server = ManagementFactory.getPlatformMBeanServer();
                Awaitility.await().until(() -> server.isRegistered(name("first")));
                System.out.println("a second later: true");
                try (IoGroup second = start("second", new ManualClock())) {
                    System.out.println("the next at once: " + server.isRegistered(name("second")));
                }
            }
            System.out.println(
                    "closed: " + ManagementFactory.getPlatformMBeanServer().isRegistered(name("first")));
        }

        private static void beanTakenAwayBefore() {
            Queue<Runnable> later = new ArrayDeque<>();
            Beans.Registration registration = Beans.register("Test", "gone", new Object(), later::add);
            registration.remove();
            registration.remove();
            later.remove().run();
            System.out.println("taken away before: " + hasServer());
        }

        private static IoGroup start(String name, ManualClock clock) throws TransportException {
            IoGroup.Builder builder = IoGroup.builder().name(name).threads(1);
            GroupAccess.setClock(builder, clock);
            return builder.start();
        }

        private static boolean hasServer() {
            return !MBeanServerFactory.findMBeanServer(null).isEmpty();
        }

        private static ObjectName name(String group) throws JMException {
            return new ObjectName("io.millrace:type=Group,name=" + group);
        }
    }

    @Test
    void startWithoutMBeanServerDoesNotWaitForOne() throws Exception {
        try (ChildJvm child = ChildJvm.start(FirstUser.class, List.of())) {
            assertEquals(0, child.awaitExit(Duration.ofSeconds(30)), child::output);
            assertEquals(
                    """
                    taken away before: false
                    at the start: false
                    a second later: true
                    the next at once: true
                    closed: false
                    """,
                    child.output());
        }
    }
}

package io.millrace.core.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.IoGroupStats;
import java.lang.management.ManagementFactory;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class BeansTest {
    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();

    /** A bean of the tests. */
    public interface OneMXBean {
        int getOne();
    }

    private static OneMXBean one() {
        return () -> 1;
    }

    private Set<String> names(String type) throws Exception {
        return server.queryNames(new ObjectName("io.millrace:type=" + type + ",*"), null).stream()
                .map(ObjectName::getCanonicalName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void groupShowsEveryCounterUntilItIsClosed() throws Exception {
        ObjectName name = new ObjectName("io.millrace:type=Group,name=bean-a");
        try (IoGroup group = IoGroup.builder().name("bean-a").threads(1).start()) {
            assertEquals(1, server.getAttribute(name, "Threads"));
            assertEquals("bean-a", server.getAttribute(name, "Name"));
            assertEquals(group.stats().bufferBytesLimit(), server.getAttribute(name, "BufferBytesLimit"));
            Set<String> shown = new TreeSet<>();
            for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
                shown.add(attribute.getName().toLowerCase());
                server.getAttribute(name, attribute.getName());
            }
            for (var counter : IoGroupStats.class.getRecordComponents()) {
                assertTrue(shown.contains(counter.getName().toLowerCase()), counter.getName());
            }
        }
        assertFalse(server.isRegistered(name));
    }

    @Test
    void groupThatOptsOutIsNotShown() throws Exception {
        try (IoGroup group = IoGroup.builder().name("bean-b").jmx(false).start()) {
            assertFalse(server.isRegistered(new ObjectName("io.millrace:type=Group,name=bean-b")));
        }
    }

    @Test
    void nameThatIsTakenGetsANumber() throws Exception {
        try (IoGroup first = IoGroup.builder().name("bean-c").start();
                IoGroup second = IoGroup.builder().name("bean-c").start()) {
            assertTrue(server.isRegistered(new ObjectName("io.millrace:type=Group,name=bean-c")));
            assertTrue(server.isRegistered(new ObjectName("io.millrace:type=Group,name=bean-c-2")));
        }
        assertTrue(names("Group").stream().noneMatch(name -> name.contains("bean-c")));
    }

    @Test
    void nameWithSpecialCharactersIsQuoted() throws Exception {
        Beans.Registration registration = Beans.register("Test", "[::1]:9000", one(), Runnable::run);
        assertEquals(Set.of("io.millrace:name=\"[::1]:9000\",type=Test"), names("Test"));
        registration.remove();
        registration.remove();
        assertEquals(Set.of(), names("Test"));
    }

    @Test
    void beanThatCannotBeShownFailsNobody() {
        Beans.register("Test2", "no bean", new Object(), Runnable::run).remove();
        Beans.register("Test2", "private interface", (Runnable) () -> {}, Runnable::run)
                .remove();
    }
}

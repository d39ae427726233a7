package io.millrace.core.observe;

import java.lang.management.ManagementFactory;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows beans in the platform's MBean server. Nothing here ever fails the caller: what cannot be shown is logged.
 *
 * <p>Threading: Thread-safe.
 */
public final class Beans {
    private static final Logger log = LoggerFactory.getLogger(Beans.class);
    private static final boolean PRESENT =
            ModuleLayer.boot().findModule("java.management").isPresent();
    private static final int MOST_OF_ONE_NAME = 1000;

    private Beans() {}

    /** A bean that is shown, or nothing at all. */
    @FunctionalInterface
    public interface Registration {
        /** Takes the bean away. Never throws; again does nothing. */
        void remove();
    }

    /** {@return the registration of nothing} */
    public static Registration none() {
        return () -> {};
    }

    /**
     * Shows a bean as {@code io.millrace:type=...,name=...}. If the name is taken, a number is added to it.
     *
     * @param type what it is
     * @param name its name
     * @param bean an instance of an exported interface whose name ends in MXBean
     * @return takes it away again
     */
    public static Registration register(String type, String name, Object bean) {
        return PRESENT ? Platform.register(type, name, bean) : none();
    }

    /** All that needs the module, so that nothing else does. */
    private static final class Platform {
        private Platform() {}

        static Registration register(String type, String name, Object bean) {
            try {
                MBeanServer server = ManagementFactory.getPlatformMBeanServer();
                ObjectName shown = firstFree(server, type, name, bean);
                return () -> unregister(server, shown);
            } catch (JMException | RuntimeException e) {
                log.debug("bean not registered; type={} name={} cause={}", type, name, e.toString());
                return none();
            }
        }

        private static ObjectName firstFree(MBeanServer server, String type, String name, Object bean)
                throws JMException {
            for (int number = 1; ; number++) {
                ObjectName candidate = new ObjectName(
                        "io.millrace:type=" + type + ",name=" + quoted(number == 1 ? name : name + "-" + number));
                try {
                    server.registerMBean(bean, candidate);
                    return candidate;
                } catch (InstanceAlreadyExistsException taken) {
                    if (number == MOST_OF_ONE_NAME) {
                        throw taken;
                    }
                }
            }
        }

        private static String quoted(String name) {
            return name.matches("[\\w. -]+") ? name : ObjectName.quote(name);
        }

        private static void unregister(MBeanServer server, ObjectName name) {
            try {
                if (server.isRegistered(name)) {
                    server.unregisterMBean(name);
                }
            } catch (JMException | RuntimeException e) {
                log.debug("bean not unregistered; name={} cause={}", name, e.toString());
            }
        }
    }
}

package io.millrace.core.observe;

import java.lang.management.ManagementFactory;
import java.util.concurrent.Executor;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MBeanServerFactory;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows beans in the platform's MBean server. Nothing here ever fails the caller: what cannot be shown is logged.
 *
 * <p>The MBean server takes longer to start than a server of Millrace's does. So a bean is shown at once only where JMX is in
 * use already, and a little later elsewhere.
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
     * Shows a bean as {@code io.millrace:type=...,name=...}: at once if there is an MBean server, else when the executor
     * comes to it. If the name is taken, a number is added to it.
     *
     * @param type what it is
     * @param name its name
     * @param bean an instance of an exported interface whose name ends in MXBean
     * @param later runs what starts the MBean server, when that is in nobody's way; it may drop it
     * @return takes it away again
     */
    public static Registration register(String type, String name, Object bean, Executor later) {
        if (!PRESENT) {
            return none();
        }
        Bean shown = new Bean(type, name, bean);
        if (Platform.isStarted()) {
            shown.run();
        } else {
            later.execute(shown);
        }
        return shown;
    }

    /** A bean that is shown once it is run, unless it has been taken away before. */
    private static final class Bean implements Registration, Runnable {
        private final String type;
        private final String name;
        private final Object bean;
        // Guarded by this, also while the MBean server is at work: who takes the bean away finds all of it or nothing.
        private Registration shown = none();
        private boolean removed;

        Bean(String type, String name, Object bean) {
            this.type = type;
            this.name = name;
            this.bean = bean;
        }

        @Override
        public synchronized void run() {
            if (!removed) {
                shown = Platform.register(type, name, bean);
            }
        }

        @Override
        public synchronized void remove() {
            removed = true;
            shown.remove();
        }
    }

    /** All that needs the module, so that nothing else does. */
    private static final class Platform {
        private Platform() {}

        /** Whether somebody has started an MBean server, which as a rule is the platform's. Starts nothing. */
        static boolean isStarted() {
            return !MBeanServerFactory.findMBeanServer(null).isEmpty();
        }

        static Registration register(String type, String name, Object bean) {
            try {
                MBeanServer server = ManagementFactory.getPlatformMBeanServer();
                ObjectName shown = firstFree(server, type, name, bean);
                return () -> unregister(server, shown);
            } catch (JMException | RuntimeException | LinkageError e) {
                // The last of them where the process has no descriptor left to load the module's library with.
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

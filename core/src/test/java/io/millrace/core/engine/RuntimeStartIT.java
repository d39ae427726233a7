package io.millrace.core.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.testing.ChildJvm;
import io.millrace.testing.Oracle;
import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.Test;

class RuntimeStartIT {
    /** The JDK's provider, with no descriptor left for a channel. */
    public static final class Exhausted extends AsynchronousChannelProvider {
        private final AsynchronousChannelProvider real = sun();

        public Exhausted() {}

        private static AsynchronousChannelProvider sun() {
            try {
                return (AsynchronousChannelProvider) Class.forName("sun.nio.ch.LinuxAsynchronousChannelProvider")
                        .getConstructor()
                        .newInstance();
            } catch (ReflectiveOperationException e) {
                throw new LinkageError("not on Linux", e);
            }
        }

        @Override
        public AsynchronousChannelGroup openAsynchronousChannelGroup(int threads, ThreadFactory factory)
                throws IOException {
            return real.openAsynchronousChannelGroup(threads, factory);
        }

        @Override
        public AsynchronousChannelGroup openAsynchronousChannelGroup(ExecutorService executor, int initialSize)
                throws IOException {
            return real.openAsynchronousChannelGroup(executor, initialSize);
        }

        @Override
        public AsynchronousServerSocketChannel openAsynchronousServerSocketChannel(AsynchronousChannelGroup group)
                throws IOException {
            throw new IOException("Too many open files");
        }

        @Override
        public AsynchronousSocketChannel openAsynchronousSocketChannel(AsynchronousChannelGroup group)
                throws IOException {
            throw new IOException("Too many open files");
        }
    }

    /** Starts a group that cannot start; ends by itself unless a thread is left. */
    public static final class StartProgram {
        private StartProgram() {}

        public static void main(String[] args) throws Exception {
            try {
                IoGroup.builder().name("doomed").start();
            } catch (TransportException expected) {
                Oracle.awaitNoThreads("doomed", Duration.ofSeconds(5));
                System.out.println("refused");
            }
        }
    }

    @Test
    void groupThatCannotStartLeavesNoThreadBehind() throws Exception {
        List<String> flags = List.of(
                "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
                "-Djava.nio.channels.spi.AsynchronousChannelProvider=" + Exhausted.class.getName());
        try (ChildJvm child = ChildJvm.start(StartProgram.class, flags)) {
            assertEquals(0, child.awaitExit(Duration.ofSeconds(20)), child::output);
            assertEquals("refused\n", child.output());
        }
    }
}

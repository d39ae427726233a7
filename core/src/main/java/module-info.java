/** The core of Millrace: sessions, protocols, buffers and engines. */
// the modules that the internals are exported to do not exist yet when this one is compiled
@SuppressWarnings("module")
module io.millrace.core {
    // optional: without it there are no flight recorder events
    requires static jdk.jfr;
    requires static org.jspecify;
    requires java.management;
    requires org.slf4j;

    exports io.millrace.core;
    exports io.millrace.core.protocol;
    exports io.millrace.core.config to
            io.millrace.client,
            io.millrace.server,
            io.millrace.uring;
    exports io.millrace.core.engine to
            io.millrace.client,
            io.millrace.server,
            io.millrace.uring;
    exports io.millrace.core.internal to
            io.millrace.client,
            io.millrace.server,
            io.millrace.uring;
    exports io.millrace.core.internal.answer to
            io.millrace.server;
    exports io.millrace.core.internal.request to
            io.millrace.client,
            io.millrace.server,
            io.millrace.uring;
    exports io.millrace.core.memory to
            io.millrace.client,
            io.millrace.server,
            io.millrace.uring;
    exports io.millrace.core.observe to
            io.millrace.client,
            io.millrace.server,
            io.millrace.uring;
}

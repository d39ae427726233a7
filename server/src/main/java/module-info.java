/** The server side of Millrace. */
module io.millrace.server {
    requires transitive io.millrace.core;
    requires static org.jspecify;
    requires org.slf4j;

    exports io.millrace.server;
    exports io.millrace.server.admission;
}

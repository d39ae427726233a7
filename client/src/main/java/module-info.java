/** The client side of Millrace. */
module io.millrace.client {
    requires transitive io.millrace.core;
    requires static org.jspecify;
    requires org.slf4j;

    exports io.millrace.client;
    exports io.millrace.client.endpoint;
    exports io.millrace.client.pool;
    exports io.millrace.client.request;
}

package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.TcpClients;
import io.millrace.core.Settings;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;

/** A server and clients whose addresses, limits and deadlines come from one properties file. */
public final class FromSettings {
    private static final String FILE = "settings.properties";

    private FromSettings() {}

    /**
     * Starts both and sends one request.
     *
     * @param arguments none
     * @throws IOException if the file cannot be read, the port is taken or the server does not answer
     */
    public static void main(String[] arguments) throws IOException {
        try (Reader file = new InputStreamReader(
                Objects.requireNonNull(FromSettings.class.getResourceAsStream(FILE), FILE), StandardCharsets.UTF_8)) {
            System.out.println(ask(Settings.load(file, FILE)));
        }
    }

    /** Returns the answer to one request between what the settings describe. */
    static String ask(Settings settings) throws IOException {
        settings.requireSections("server", "client");
        Protocol protocol = Protocol.millrace();
        TcpServerBuilder echo =
                TcpServer.builder().protocol(protocol).onRequest((session, request, reply) -> reply.send(request));
        try (TcpServer server = echo.settings(settings.section("server")).bind();
                TcpClients clients =
                        TcpClients.open(settings.section("client"), (name, client) -> client.protocol(protocol))) {
            TcpClient orders = clients.client("orders");
            byte[] answer = orders.call("one order".getBytes(StandardCharsets.UTF_8), Duration.ofSeconds(5));
            return new String(answer, StandardCharsets.UTF_8) + " by " + server.localAddress();
        }
    }
}

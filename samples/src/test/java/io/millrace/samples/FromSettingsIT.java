package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Settings;
import java.io.Reader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class FromSettingsIT {
    @Test
    void serverAndClientOfTheFileTalk() throws Exception {
        Properties properties = new Properties();
        try (Reader file =
                Files.newBufferedReader(Path.of("src/main/resources/io/millrace/samples/settings.properties"))) {
            properties.load(file);
        }
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        properties.setProperty("server.port", Integer.toString(port));
        properties.setProperty("client.orders.endpoint", "127.0.0.1:" + port);

        String answer = FromSettings.ask(Settings.of(properties, "test"));

        assertTrue(answer.equals("one order by /127.0.0.1:" + port), answer);
    }
}

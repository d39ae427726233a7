package io.millrace.benchmarks.result;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** The versions of the contestants' libraries, which the build writes into a resource. */
final class LibraryVersions {
    private static final String RESOURCE = "versions.properties";

    private LibraryVersions() {}

    static Map<String, String> read() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = LibraryVersions.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IOException("no resource " + RESOURCE + " on the class path; build with Maven");
            }
            properties.load(in);
        }
        Map<String, String> versions = new TreeMap<>();
        properties.forEach((name, version) -> versions.put((String) name, (String) version));
        return versions;
    }
}

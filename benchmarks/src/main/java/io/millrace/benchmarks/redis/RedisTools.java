package io.millrace.benchmarks.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The programs that the scenario needs beside this one.
 *
 * @param server of Redis
 * @param benchmark its load
 * @param samples the jar with the sample {@code resp-server}
 */
record RedisTools(Path server, Path benchmark, Path samples) {
    private static final Pattern VERSION = Pattern.compile("v=(\\S+)");

    /**
     * Finds them.
     *
     * @throws IOException if one is missing; it says which, and where it comes from
     */
    static RedisTools find() throws IOException {
        Path samples = samplesJar();
        if (!Files.isReadable(samples)) {
            throw new IOException("there is no " + samples.normalize() + "; mvn -DskipTests package makes it");
        }
        return new RedisTools(command("redis-server"), command("redis-benchmark"), samples);
    }

    /** Returns which Redis it is, such as {@code 7.0.15}. */
    String version() throws IOException {
        Process process = new ProcessBuilder(server.toString(), "--version").start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            Matcher version = VERSION.matcher(out.lines().collect(Collectors.joining(" ")));
            return version.find() ? version.group(1) : "unknown";
        } finally {
            process.destroy();
        }
    }

    private static Path command(String name) throws IOException {
        Optional<Path> found = Arrays.stream(
                        System.getenv().getOrDefault("PATH", "/usr/bin").split(":", -1))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
        return found.orElseThrow(
                () -> new IOException("there is no " + name + "; install Redis, on Debian with apt-get install redis"));
    }

    /** Returns the jar of the module beside this one, whether this runs from a jar or from classes. */
    private static Path samplesJar() throws IOException {
        try {
            Path target = Path.of(RedisTools.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .resolveSibling("");
            return target.resolve("../../samples/target/millrace-samples.jar");
        } catch (URISyntaxException e) {
            throw new IOException("this program does not know where it is", e);
        }
    }
}

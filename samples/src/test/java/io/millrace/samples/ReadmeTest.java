package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.pool.PoolConfig;
import io.millrace.client.request.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the README shows is what is compiled and run here. */
class ReadmeTest {
    private static final Path SAMPLES = Path.of("src/main/java/io/millrace/samples");
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    /** How durations are written for people. */
    private static final Map<String, String> SHOWN = Map.of("PT0S", "0", "PT2M", "2 min", "PT0.25S", "250 ms");

    @Test
    void settingsOfTheGuideAreTheSamples() throws IOException {
        String file = Files.readString(Path.of("src/main/resources/io/millrace/samples/settings.properties"));
        assertTrue(Files.readString(Path.of("../docs/guide/settings.md")).contains("```properties\n" + file + "```"));
    }

    @Test
    void serverAndClientOfTheReadmeAreTheSamples() throws IOException {
        List<String> blocks = blocksOf("README.md");
        assertEquals(3, blocks.size(), "the README shows a server, a client, and a request with its outcome");
        assertShown(blocks.get(0), "TenLineServer.java");
        assertShown(blocks.get(1), "TenLineClient.java");
        assertShown(blocks.get(2), "WaysToAsk.java");
    }

    @Test
    void featureTableOfTheReadmeIsAPartOfTheWholeTable() throws IOException {
        String readme = Files.readString(Path.of("../README.md"));
        String table = readme.substring(readme.indexOf("## Beside its peers"), readme.indexOf("## Speed"));
        List<String> rows = table.lines().filter(line -> line.startsWith("|")).toList();
        assertTrue(rows.size() > 10, "the README shows no table of features");
        List<String> all = Files.readAllLines(Path.of("../docs/features.md"));
        assertEquals(List.of(), rows.stream().filter(row -> !all.contains(row)).toList());
    }

    @Test
    void codeOfTheGuideToTheServerIsTheGateways() throws IOException {
        List<String> blocks = blocksOf("docs/server.md");
        assertEquals(4, blocks.size());
        for (String block : blocks) {
            assertShown(block, "Gateway.java");
        }
    }

    @Test
    void codeOfTheGuideToTheClientIsThatOfSamples() throws IOException {
        List<String> blocks = blocksOf("docs/client.md");
        assertEquals(12, blocks.size());
        for (String block : blocks) {
            assertShown(block, "ResilientClient.java", "WaysToAsk.java", "FromSettings.java");
        }
    }

    @Test
    void guideToTheClientKnowsEverySettingOfThePoolWithItsDefault() throws IOException {
        String guide = Files.readString(Path.of("../docs/client.md"));
        String defaults = PoolConfig.defaults().toString();
        Matcher setting = Pattern.compile("(\\w+)=([\\w.]+)").matcher(defaults);
        while (setting.find()) {
            String value = setting.group(2);
            String shown = value.matches("\\d+")
                    ? String.format(Locale.ROOT, "%,d", Integer.valueOf(value))
                    : SHOWN.getOrDefault(value, value);
            String row = "| `" + setting.group(1) + "` | " + shown + " |";
            assertTrue(guide.contains(row), row);
        }
    }

    @Test
    void guideToTheClientKnowsEveryOutcome() throws IOException {
        String guide = Files.readString(Path.of("../docs/client.md"));
        for (Outcome.Kind kind : Outcome.Kind.values()) {
            assertTrue(guide.contains("| `" + kind + "` | "), kind.name());
        }
    }

    private static List<String> blocksOf(String document) throws IOException {
        return JAVA_BLOCK
                .matcher(Files.readString(Path.of("..").resolve(document)))
                .results()
                .map(MatchResult::group)
                .map(ReadmeTest::code)
                .toList();
    }

    private static void assertShown(String block, String... samples) throws IOException {
        boolean shown = false;
        for (String sample : samples) {
            shown |= code(Files.readString(SAMPLES.resolve(sample))).contains(block);
        }
        assertTrue(shown, List.of(samples) + " do not contain what the document shows: " + block);
        assertTrue(block.lines().count() <= 10, "ten lines were promised");
    }

    /** Returns code without its indentation and without the fence. */
    private static String code(String text) {
        return text.replaceAll("```(java)?", "").replaceAll("(?m)^ +", "").strip();
    }
}

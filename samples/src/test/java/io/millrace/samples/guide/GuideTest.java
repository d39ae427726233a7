package io.millrace.samples.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.request.RequestRefusedException;
import io.millrace.core.CloseReason;
import io.millrace.core.ConnectFailedException;
import io.millrace.server.admission.RefusalReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the pages of the guide show is compiled, and what they quote is what programs say. */
class GuideTest {
    private static final Path ROOT = Path.of("..");
    private static final Path PAGES = ROOT.resolve("docs/guide");
    private static final Path CODE = Path.of("src/test/java/io/millrace/samples/guide");

    /** The samples, which some pages show parts of. */
    private static final Path SAMPLES = Path.of("src/main/java/io/millrace/samples");

    /** The other side of coming-from-netty.md, where Netty is. */
    private static final Path NETTY_CODE = ROOT.resolve("benchmarks/src/test/java/io/millrace/benchmarks/guide");

    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    /** How builders read a setting from a file: the kind of value, and the key. */
    private static final Pattern SETTING =
            Pattern.compile("\\bin\\.(?:text|whole|size|bytes|duration|flag|choice|section)\\(\\s*\"(\\w+)\"");

    private static final Pattern EXPORT = Pattern.compile("exports ([\\w.]+);");
    private static final Pattern IMPORT = Pattern.compile("import (?:static )?(io\\.millrace\\.[a-z.]+)\\.[A-Z]");

    /** The first cell of a row of the FAQ: a text, with an ellipsis wherever it varies. */
    private static final Pattern QUOTED = Pattern.compile("(?m)^\\| `([^`]+)` \\|");

    /** What a line of the log begins with that an operator must see. */
    private static final Pattern LOGGED = Pattern.compile("\\.(?:warn|error)\\(\\s*\"([^\"]+)\"");

    static List<String> pages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    private static String page(String name) throws IOException {
        return Files.readString(PAGES.resolve(name));
    }

    private static List<String> sources(Path tree) throws IOException {
        try (Stream<Path> files = Files.walk(tree)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(GuideTest::read)
                    .toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String withoutSpace(String text) {
        return text.replaceAll("\\s+", "");
    }

    @ParameterizedTest
    @MethodSource("pages")
    void codeOfAPageIsCompiledAndShort(String page) throws IOException {
        List<String> compiled = Stream.of(sources(CODE), sources(SAMPLES), sources(NETTY_CODE))
                .flatMap(List::stream)
                .map(GuideTest::withoutSpace)
                .toList();
        for (MatchResult block : JAVA_BLOCK.matcher(page(page)).results().toList()) {
            String shown = block.group(1);
            String code = withoutSpace(shown);
            assertTrue(
                    compiled.stream().anyMatch(source -> source.contains(code)),
                    page + " shows what is compiled nowhere: " + shown);
            assertTrue(shown.lines().count() <= 10, page + " shows more than ten lines: " + shown);
        }
    }

    @Test
    void tableOfContentsNamesEveryPage() throws IOException {
        String contents = page("README.md");
        for (String page : pages()) {
            assertTrue(page.equals("README.md") || contents.contains("(" + page + ")"), page);
        }
    }

    @Test
    void codeOfTheGuideUsesOnlyWhatUsersCanUse() throws IOException {
        Set<String> exported = Stream.of("core", "server", "client")
                .map(module -> read(ROOT.resolve(module).resolve("src/main/java/module-info.java")))
                .flatMap(descriptor -> EXPORT.matcher(descriptor).results())
                .map(export -> export.group(1))
                .collect(Collectors.toSet());
        assertFalse(exported.isEmpty());
        for (String source : sources(CODE)) {
            Matcher used = IMPORT.matcher(source);
            while (used.find()) {
                assertTrue(exported.contains(used.group(1)), used.group() + " is not exported");
            }
        }
    }

    @Test
    void everySettingIsOnThePageOfSettingsOrOfTheClient() throws IOException {
        String pages = page("settings.md") + read(ROOT.resolve("docs/client.md"));
        List<String> unknown = SETTING.matcher(said())
                .results()
                .map(setting -> setting.group(1))
                .distinct()
                .filter(key -> !pages.contains("`" + key + "`"))
                .toList();
        assertEquals(List.of(), unknown);
    }

    @Test
    void faqQuotesWhatTheSourcesSay() throws IOException {
        String said = said();
        List<String> unknown = new ArrayList<>();
        for (MatchResult row : QUOTED.matcher(page("faq.md")).results().toList()) {
            for (String part : row.group(1).split("…")) {
                if (!said.contains(part.strip())) {
                    unknown.add(part.strip());
                }
            }
        }
        assertEquals(List.of(), unknown);
    }

    @Test
    void faqKnowsEveryWarningAndErrorOfTheLog() throws IOException {
        String faq = page("faq.md");
        List<String> unknown = new ArrayList<>();
        List<MatchResult> logged = LOGGED.matcher(said()).results().toList();
        for (MatchResult line : logged) {
            // What comes before the fields of the line, without what varies.
            String text = line.group(1).split(";")[0];
            for (String part : text.split("\\{\\}")) {
                if (!faq.contains(part.strip())) {
                    unknown.add(line.group(1));
                }
            }
        }
        assertTrue(logged.size() > 30, "only " + logged.size() + " lines are logged: has their form changed?");
        assertEquals(List.of(), unknown);
    }

    /** Returns all that the libraries say, with texts that are put together of constant pieces in one piece. */
    private static String said() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String module : List.of("core", "server", "client")) {
            sources(ROOT.resolve(module).resolve("src/main/java")).forEach(all::append);
        }
        return all.toString().replaceAll("\"\\s*\\+\\s*\"", "");
    }

    @Test
    void faqKnowsEveryReason() throws IOException {
        List<Enum<?>> reasons = new ArrayList<>();
        Collections.addAll(reasons, CloseReason.Kind.values());
        Collections.addAll(reasons, ConnectFailedException.Kind.values());
        Collections.addAll(reasons, RefusalReason.values());
        Collections.addAll(reasons, RequestRefusedException.Reason.values());
        String faq = page("faq.md");
        for (Enum<?> reason : reasons) {
            assertTrue(faq.contains("`" + reason.name() + "`"), reason.getDeclaringClass() + "." + reason.name());
        }
    }
}

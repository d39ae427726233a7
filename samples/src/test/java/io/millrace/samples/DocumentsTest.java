package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tables of hazards and faults are whole, and name only what is there; links lead somewhere. */
class DocumentsTest {
    private static final Path ROOT = Path.of("..");
    private static final List<String> MODULES = List.of("core", "server", "client", "samples");

    /** A name between back quotes: of a class, of a class and its method, or of one more method of the last class. */
    private static final Pattern NAME = Pattern.compile("`([A-Z][a-z]\\w*)?(?:\\.([a-z]\\w*))?`");

    /** The numbers that are used, run by run: the first and the last. */
    private static final Map<Integer, Integer> LAST_OF_RUN =
            Map.of(1, 16, 20, 29, 30, 34, 40, 47, 50, 54, 60, 63, 70, 74, 80, 83, 90, 94);

    /** A link in a document: the file, and behind it the heading, if there is one. */
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]*)(?:#([^)\\s]*))?\\)");

    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");

    private static final Pattern HAZARD = Pattern.compile("(?m)^\\| H(\\d\\d) \\|");

    private static Map<String, Path> sources() throws IOException {
        List<Path> files = new ArrayList<>();
        for (String module : MODULES) {
            try (Stream<Path> tree = Files.walk(ROOT.resolve(module).resolve("src"))) {
                tree.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
            }
        }
        // Classes of one name in several modules: those of the tests are alike, and any will do.
        return files.stream()
                .collect(Collectors.toMap(
                        file -> file.getFileName().toString().replace(".java", ""),
                        Function.identity(),
                        (one, other) -> one));
    }

    private static List<String> missing(String document) throws IOException {
        Map<String, Path> sources = sources();
        List<String> missing = new ArrayList<>();
        String type = "";
        int names = 0;
        Matcher found = NAME.matcher(Files.readString(ROOT.resolve("docs").resolve(document)));
        while (found.find()) {
            names++;
            type = found.group(1) == null ? type : found.group(1);
            String method = found.group(2);
            Path source = sources.get(type);
            boolean isThere = source != null
                    && (method == null
                            || Pattern.compile("\\b" + method + "\\(")
                                    .matcher(Files.readString(source))
                                    .find());
            if (!isThere) {
                missing.add(found.group());
            }
        }
        assertTrue(names > 50, document + " names only " + names + " things: has its form changed?");
        return missing;
    }

    @Test
    void everyTestThatTheTableOfFaultsNamesIsThere() throws IOException {
        assertEquals(List.of(), missing("faults.md"));
    }

    @Test
    void everyClassAndTestThatTheTableOfHazardsNamesIsThere() throws IOException {
        assertEquals(List.of(), missing("hazards.md"));
    }

    @Test
    void everyHazardHasItsRowOnceAndInOrder() throws IOException {
        List<Integer> rows = HAZARD.matcher(Files.readString(ROOT.resolve("docs/hazards.md")))
                .results()
                .map(row -> Integer.valueOf(row.group(1)))
                .toList();

        List<Integer> all = LAST_OF_RUN.keySet().stream()
                .sorted()
                .flatMap(first ->
                        IntStream.rangeClosed(first, LAST_OF_RUN.get(first)).boxed())
                .toList();
        assertEquals(all, rows);
    }

    @Test
    void everyLinkBetweenDocumentsLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path document : documents()) {
            Matcher link = LINK.matcher(Files.readString(document));
            while (link.find()) {
                String target = link.group(1);
                if (target.contains("://") || target.startsWith("mailto:")) {
                    continue;
                }
                Path there = target.isEmpty() ? document : document.resolveSibling(target);
                String heading = link.group(2);
                if (!Files.exists(there) || (heading != null && !headings(there).contains(heading))) {
                    broken.add(ROOT.relativize(document) + ": " + link.group());
                }
            }
        }
        assertEquals(List.of(), broken);
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        for (Path place : List.of(ROOT, ROOT.resolve("docs"))) {
            int depth = place.equals(ROOT) ? 1 : Integer.MAX_VALUE;
            try (Stream<Path> tree = Files.walk(place, depth)) {
                tree.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
            }
        }
        assertTrue(documents.size() > 20, "only " + documents + ": have they moved?");
        return documents;
    }

    /** Returns the headings of a document as links name them. */
    private static List<String> headings(Path document) throws IOException {
        return HEADING.matcher(Files.readString(document))
                .results()
                .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
                .toList();
    }
}

package io.millrace.samples.ladder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LadderPageTest {
    private static final Path DOCS = Path.of("..", "docs");
    private static final LadderReport REPORT = new LadderReport(List.of(
            new Measurement(Rung.SELECTOR, 1, 12_345.4, 9.87, 1, 0.5, 0),
            new Measurement(Rung.SELECTOR, 64, 70_000, 6.54, 1, 0.98, 0),
            new Measurement(Rung.MILLRACE, 1, 11_111, 10.01, 2, 0.5, 0),
            new Measurement(Rung.MILLRACE, 64, 71_111, 6.6, 2, 0.98, 0)));

    /** The start of a row of a generated table: rung, messages per second, microseconds. */
    private static final Pattern ROW =
            Pattern.compile("(?m)^\\| `([a-z-]+)` \\| ([\\d,]+)[^|]* \\| ([\\d,.]+)[^|]* \\|");

    @TempDir
    private Path folder;

    @Test
    void onlyWhatIsBetweenTheMarksChanges() throws IOException {
        Path page = folder.resolve("io-models.md");
        String before = Files.readString(DOCS.resolve("io-models.md"));
        Files.writeString(page, before);

        LadderPage.in(folder).write(REPORT, "io-models");

        String after = Files.readString(page);
        assertEquals(outside(before), outside(after));
        assertTrue(after.contains("| `selector` | 12,345 | 9.9 | 1 | 50 % |"), after);
        assertTrue(after.contains("\n### 64 connections\n"), after);
        assertTrue(after.contains("thread-per-connection, polling, "), "what was not measured is said: " + after);
        assertTrue(Files.readString(folder.resolve("io-models.svg")).contains(">71,111</text>"));
    }

    private static String outside(String page) {
        return LadderPage.withSection(page, "");
    }

    @Test
    void connectionsThatHadNoEchoAreTold() throws IOException {
        LadderReport report = new LadderReport(List.of(
                new Measurement(Rung.SELECTOR, 1_000, 70_000, 6.5, 1, 0.9, 0),
                new Measurement(Rung.SELECTOR, 1_000, 70_000, 6.5, 1, 0.9, 128),
                new Measurement(Rung.MILLRACE, 1_000, 71_000, 6.6, 2, 0.9, 0),
                new Measurement(Rung.MILLRACE, 1_000, 71_000, 6.6, 2, 0.9, 0)));

        assertEquals(
                List.of("selector with 1,000 connections: up to 128 of them had no echo in a whole round."),
                report.notices());
        assertTrue(LadderPage.section(report, "io-models").contains("\nselector with 1,000 connections: up to 128"));
    }

    @Test
    void folderWithoutThePageIsExplainedBeforeAnythingIsMeasured() {
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> LadderPage.in(folder.resolve("none")));

        assertTrue(thrown.getMessage().contains("name the folder docs of the repository"), thrown.getMessage());
    }

    @Test
    void pageWithoutMarksIsExplained() {
        assertThrows(IllegalArgumentException.class, () -> LadderPage.withSection("# The ladder\n", "new"));
    }

    @Test
    void publishedPageExplainsEveryRung() throws IOException {
        String page = Files.readString(DOCS.resolve("io-models.md"));
        for (Rung rung : Rung.values()) {
            assertTrue(outside(page).contains("`" + rung + "`"), rung + " is not explained");
        }
    }

    @Test
    void chartOfThePublishedPageShowsEveryFigureOfItsTables() throws IOException {
        String page = Files.readString(DOCS.resolve("io-models.md"));
        assumeFalse(page.contains("*not measured*"));
        String chart = Files.readString(DOCS.resolve("io-models.svg"));
        Matcher row = ROW.matcher(page);
        int rows = 0;
        while (row.find()) {
            rows++;
            for (int figure = 1; figure <= 3; figure++) {
                assertTrue(chart.contains(">" + row.group(figure) + "</text>"), row.group());
            }
        }
        assertTrue(rows >= 3 * (Rung.values().length - 1), rows + " rows");
    }

    @Test
    void severalRoundsAreShownAsTheirMedianAndHowFarTheyLieApart() throws IOException {
        List<Measurement> rounds = List.of(
                new Measurement(Rung.MILLRACE, 64, 90_000, 6, 2, 0.9, 0),
                new Measurement(Rung.SELECTOR, 64, 70_000, 8, 1, 0.9, 0),
                new Measurement(Rung.SELECTOR, 64, 60_000, 9.2, 1, 0.8, 0),
                new Measurement(Rung.MILLRACE, 64, 90_000, 6, 4, 0.9, 0),
                new Measurement(Rung.MILLRACE, 64, 90_000, 6, 2, 0.9, 0),
                new Measurement(Rung.SELECTOR, 64, 80_000, 7, 1, 1, 0));
        LadderReport report = new LadderReport(rounds);

        String section = LadderPage.section(report, "io-models");
        String selector = "| `selector` | 70,000 (60,000 to 80,000) | 8.0 (7.0 to 9.2) | 1 | 90 % |";
        assertTrue(section.contains(selector + "\n| `millrace` | 90,000 | 6.0 | 2 | 90 % |\n"), section);
        String chart = LadderChart.draw(report);
        assertTrue(chart.contains(">70,000</text>"), chart);
        assertTrue(chart.contains("medians of 3 rounds"), chart);
    }

    @Test
    void tableHasARowForEachRungAndBarsAreInProportion() {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text, true);
        REPORT.printTable(out);
        REPORT.printBars(out, '#');

        List<String> lines = text.toString().lines().toList();
        assertEquals(
                "  selector              |      12,345     9.9       1 |      70,000     6.5       1", lines.get(2));
        assertTrue(lines.contains("  selector              " + "#".repeat(40) + " 12,345"), text.toString());
        assertTrue(lines.contains("  millrace              " + "#".repeat(36) + " 11,111"), text.toString());
    }
}

package io.millrace.benchmarks.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.chart.Line.Dot;
import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ChartTest {
    private static final double PIXEL = 0.11;

    @Test
    void logAxisGivesEachDecadeTheSameLength() {
        LogAxis axis = new LogAxis(1, 1000, 0, 300);
        assertEquals(0, axis.position(1), PIXEL);
        assertEquals(100, axis.position(10), PIXEL);
        assertEquals(300, axis.position(1000), PIXEL);
    }

    @Test
    void axisEndsAtRoundValuesAroundAllThatIsShown() {
        assertEquals(
                List.of(200.0, 500.0, 1000.0, 2000.0, 5000.0),
                LogAxis.around(210, 4100, 0, 1).marks());
        assertEquals(List.of(1.0, 2.0), LogAxis.around(1, 1, 0, 1).marks());
    }

    @Test
    void namesOfLinesThatEndTogetherAreMovedApartAndFarOnesStay() {
        assertEquals(List.of(91.5, 108.5, 200.0), LineChart.apart(List.of(100.0, 100.0, 200.0), 17));
    }

    @Test
    void lineChartDrawsEveryDotInsideItsFrameWithTheNameBesideTheLast() throws Exception {
        LineChart chart =
                new LineChart("CPU <per> message", "less & better", "connections", x -> "x" + (int) x, y -> "y");
        List<Dot> dots = List.of(new Dot(1, 100, 90, 110), new Dot(1000, 400, 390, 420));
        Document svg = parse(chart.draw(List.of(new Line("millrace", Hue.OWN, dots))));
        NodeList circles = svg.getElementsByTagName("circle");
        assertEquals(2, circles.getLength());
        Element last = (Element) circles.item(1);
        Element name = text(svg, "millrace");
        assertTrue(number(name, "x") > number(last, "cx"));
        assertTrue(number(name, "x") + 8 * StyleSheet.CHARACTER_WIDTH < 760);
        assertEquals(number(last, "cy") + 4, number(name, "y"), PIXEL);
        assertEquals("CPU <per> message", text(svg, "CPU <per> message").getTextContent());
        assertEquals("x1000", text(svg, "x1000").getTextContent());
    }

    @Test
    void ratioChartMarksOneAlsoWhereThereIsNoRoomForAllMarks() throws Exception {
        String drawn = new RatioChart("ratios", "right is better")
                .draw(List.of(new RatioChart.Group("idle", List.of(new RatioChart.Bar("bare", Hue.BARE, 40, 39, 41)))));
        text(parse(drawn), "1×");
    }

    @Test
    void ratioChartDrawsWhatIsBehindToTheLeftOfOneAndInAnotherColour() throws Exception {
        String drawn = new RatioChart("ratios", "right is better")
                .draw(List.of(new RatioChart.Group(
                        "64x1x64",
                        List.of(
                                new RatioChart.Bar("ahead-of", Hue.NETTY, 1.5, 1.4, 1.6),
                                new RatioChart.Bar("behind-of", Hue.NETTY, 0.8, 0.7, 0.9)))));
        Document svg = parse(drawn);
        Element ahead = (Element) svg.getElementsByTagName("rect").item(1);
        Element behind = (Element) svg.getElementsByTagName("rect").item(2);
        double one = number(text(svg, "1×"), "x");
        assertEquals(one, number(ahead, "x"), PIXEL);
        assertEquals(one, number(behind, "x") + number(behind, "width"), PIXEL);
        assertEquals("bar netty", ahead.getAttribute("class"));
        assertEquals("bar behind", behind.getAttribute("class"));
        assertEquals("0.80× behind-of", text(svg, "0.80× behind-of").getTextContent());
    }

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    private static Element text(Document svg, String words) {
        NodeList texts = svg.getElementsByTagName("text");
        for (int i = 0; i < texts.getLength(); i++) {
            if (texts.item(i).getTextContent().equals(words)) {
                return (Element) texts.item(i);
            }
        }
        throw new AssertionError("no text " + words);
    }

    private static double number(Element element, String attribute) {
        return Double.parseDouble(element.getAttribute(attribute));
    }
}

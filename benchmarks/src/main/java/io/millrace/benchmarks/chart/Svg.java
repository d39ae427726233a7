package io.millrace.benchmarks.chart;

import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

/** A picture that is being drawn. Coordinates are pixels from the top left; a style is a class of {@code chart.css}. */
final class Svg {
    private static final String NAMESPACE = "http://www.w3.org/2000/svg";

    private final StringWriter text = new StringWriter();
    private final XMLStreamWriter xml;

    Svg(int width, int height, String title) {
        try {
            xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
            xml.writeStartElement("svg");
            xml.writeDefaultNamespace(NAMESPACE);
            attributes("width", width, "height", height, "viewBox", "0 0 " + width + " " + height, "role", "img");
            element("title", title);
            element("style", StyleSheet.TEXT);
            rect("card", 0, 0, width, height, 8);
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    void rect(String style, double x, double y, double width, double height, double corner) {
        empty("rect", style, "x", x, "y", y, "width", width, "height", height, "rx", corner);
    }

    void line(String style, double x1, double y1, double x2, double y2) {
        empty("line", style, "x1", x1, "y1", y1, "x2", x2, "y2", y2);
    }

    void dot(String style, double x, double y, double radius) {
        empty("circle", style, "cx", x, "cy", y, "r", radius);
    }

    /** Draws a line through points, each an x and a y. */
    void path(String style, List<double[]> points) {
        String joined = points.stream()
                .map(point -> number(point[0]) + "," + number(point[1]))
                .collect(Collectors.joining(" "));
        empty("polyline", style, "points", joined);
    }

    /** Writes a text whose start, middle or end is at a point. */
    void text(String style, Anchor anchor, double x, double y, String words) {
        try {
            newLine();
            xml.writeStartElement("text");
            attributes("class", style, "text-anchor", anchor.name().toLowerCase(Locale.ROOT), "x", x, "y", y);
            xml.writeCharacters(words);
            xml.writeEndElement();
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends the picture and returns it as a file. */
    String end() {
        try {
            newLine();
            xml.writeEndDocument();
            newLine();
            xml.flush();
            return text.toString();
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    private void empty(String name, String style, Object... attributes) {
        try {
            newLine();
            xml.writeEmptyElement(name);
            attributes("class", style);
            attributes(attributes);
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    private void element(String name, String content) throws XMLStreamException {
        newLine();
        xml.writeStartElement(name);
        xml.writeCharacters(content);
        xml.writeEndElement();
    }

    private void attributes(Object... namesAndValues) throws XMLStreamException {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            Object value = namesAndValues[i + 1];
            xml.writeAttribute(
                    (String) namesAndValues[i], value instanceof Double real ? number(real) : value.toString());
        }
    }

    private void newLine() throws XMLStreamException {
        xml.writeCharacters("\n");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    /** Which part of a text is at its point. */
    enum Anchor {
        START,
        MIDDLE,
        END
    }
}

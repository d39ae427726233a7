package io.millrace.benchmarks.calls;

import io.millrace.benchmarks.calls.caller.Caller;
import io.millrace.benchmarks.calls.caller.CallerOptions;
import io.millrace.benchmarks.calls.caller.MillraceCaller;
import io.millrace.benchmarks.calls.netty.NettyAnswer;
import io.millrace.benchmarks.calls.netty.NettyCaller;
import io.millrace.benchmarks.calls.netty.Style;
import io.millrace.benchmarks.contestant.netty.Transport;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A server and a client that belong together. */
enum CallContestant {
    /** Requests are turned into replies at once, and replies are taken by handlers. */
    MILLRACE(MillraceCaller.Form.HANDLER, true),

    /** Requests are answered by replies that could also be given later; these are taken by handlers. */
    MILLRACE_REPLY(MillraceCaller.Form.HANDLER, false),

    /** Replies are taken by futures. */
    MILLRACE_FUTURE(MillraceCaller.Form.FUTURE, true),

    /** As Netty's documentation shows it, over the JDK's selector. */
    NETTY_NIO(Transport.NIO, Style.FRAMES),

    /** The same over epoll. */
    NETTY_EPOLL(Transport.EPOLL, Style.FRAMES),

    /** The same over io_uring. */
    NETTY_URING(Transport.URING, Style.FRAMES),

    /** Frames taken apart by hand and written as one buffer. */
    NETTY_NIO_LEAN(Transport.NIO, Style.LEAN),

    /** The same over epoll. */
    NETTY_EPOLL_LEAN(Transport.EPOLL, Style.LEAN);

    private final MillraceCaller.Form form;
    private final boolean answersAtOnce;
    private final @Nullable Transport transport;
    private final Style style;

    CallContestant(MillraceCaller.Form form, boolean answersAtOnce) {
        this.form = form;
        this.answersAtOnce = answersAtOnce;
        transport = null;
        style = Style.FRAMES;
    }

    CallContestant(Transport transport, Style style) {
        form = MillraceCaller.Form.HANDLER;
        answersAtOnce = true;
        this.transport = transport;
        this.style = style;
    }

    /** Finds one by what it is called in tables. */
    static CallContestant named(String name) {
        return Arrays.stream(values())
                .filter(contestant -> contestant.title().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("contestant is " + name + "; there are "
                        + Arrays.stream(values()).map(CallContestant::title).collect(Collectors.joining(", "))));
    }

    /** Returns what it is called on the command line and in tables. */
    String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns why it cannot run on this machine, or an empty text. */
    String unavailable() {
        return transport == null ? "" : transport.unavailable();
    }

    /** Starts the server, and returns its port. */
    int answer() throws IOException, InterruptedException {
        return transport == null ? MillraceAnswer.start(answersAtOnce) : NettyAnswer.start(transport, style);
    }

    /** Starts the client. */
    Caller connect(CallerOptions options) throws IOException, InterruptedException {
        return transport == null ? new MillraceCaller(options, form) : new NettyCaller(options, transport, style);
    }
}

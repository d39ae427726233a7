package io.millrace.server.internal;

import io.millrace.core.internal.TcpSession;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Puts into one line where the callback of a session is that does not return. */
final class StuckHandler {
    private static final int MOST_FRAMES = 3;
    private static final Set<String> PLATFORM = Set.of("java", "javax", "jdk", "sun");

    private StuckHandler() {}

    /** Returns the line, or null if no callback of the session is known to be running. */
    static @Nullable String describe(TcpSession session) {
        Thread thread = session.callbackThread();
        if (thread == null) {
            return null;
        }
        StackTraceElement[] stack = thread.getStackTrace();
        if (session.callbackThread() != thread) {
            return null;
        }
        return session + " thread=" + thread.getName() + " at " + topFrames(stack);
    }

    /** What the application called last, and from where: what that does inside the platform is of no interest. */
    static String topFrames(StackTraceElement[] stack) {
        int own = 0;
        while (own < stack.length && isPlatform(stack[own])) {
            own++;
        }
        int first = own == stack.length ? 0 : Math.max(0, own - 1);
        StringJoiner frames = new StringJoiner(" < ");
        for (int i = first; i < stack.length && i < first + MOST_FRAMES; i++) {
            frames.add(stack[i].toString());
        }
        return frames.toString();
    }

    private static boolean isPlatform(StackTraceElement frame) {
        String name = frame.getClassName();
        int dot = name.indexOf('.');
        return dot > 0 && PLATFORM.contains(name.substring(0, dot));
    }
}

package io.millrace.core.internal.answer;

import io.millrace.core.CloseReason;
import io.millrace.core.Session;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/** A session that is open until it is told to close, and can do nothing else. */
final class FakeSession {
    private final Session session =
            (Session) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Session.class}, this::answer);

    private volatile @Nullable CloseReason reason;

    void close(CloseReason why) {
        reason = why;
    }

    boolean isOpen() {
        return reason == null;
    }

    Session asSession() {
        return session;
    }

    private @Nullable Object answer(Object proxy, Method method, Object @Nullable [] arguments) {
        return switch (method.getName()) {
            case "isOpen" -> isOpen();
            case "closeReason" -> reason;
            case "id" -> 1L;
            case "toString" -> "session=1 remote=fake";
            default -> throw new UnsupportedOperationException(method.getName());
        };
    }
}

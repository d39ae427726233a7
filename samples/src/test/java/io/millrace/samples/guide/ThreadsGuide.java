package io.millrace.samples.guide;

import io.millrace.core.Codec;
import io.millrace.core.ErrorCode;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** The code of threads.md. */
final class ThreadsGuide {
    private ThreadsGuide() {}

    /** Handlers that block, on threads of their own. */
    static TcpServerBuilder blocking(ExecutorService workers, UnaryOperator<byte[]> database) {
        return TcpServer.builder()
                .protocol(Protocol.millrace())
                .processor(database)
                .handlerExecutor(workers);
    }

    /** Answers when the answer is there, and holds no thread until then. */
    static TcpServerBuilder answeringLater(Function<String, CompletableFuture<String>> lookUp) {
        return TcpServer.builder().protocol(Protocol.millrace()).onRequest((session, request, reply) -> {
            String question = Codec.utf8().decode(request);
            lookUp.apply(question).whenComplete((answer, failure) -> {
                if (failure == null) {
                    reply.send(Codec.utf8().encode(answer));
                } else {
                    reply.fail(ErrorCode.HANDLER, "the look-up failed");
                }
            });
        });
    }

    /** What a connection knows: plain fields, for only its callbacks touch them. */
    static final class Account {
        long balance;
    }

    static TcpServerBuilder withAccounts() {
        return TcpServer.builder()
                .protocol(Protocol.millrace())
                .onOpen(session -> session.attach(new Account()))
                .onMessage((session, message) -> account(session).balance += message.getLong());
    }

    /** Changes an account from any thread. */
    static void payIn(Session session, long amount) {
        session.execute(() -> account(session).balance += amount);
    }

    /** Says what is on an account; for the session's own callbacks only. */
    static long balanceOf(Session session) {
        return account(session).balance;
    }

    private static Account account(Session session) {
        return (Account) Objects.requireNonNull(session.attachment(), "attachment");
    }
}

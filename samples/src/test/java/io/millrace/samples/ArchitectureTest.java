package io.millrace.samples;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasModifiers.Predicates.modifier;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMembers;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.base.HasDescription;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.nio.channels.AsynchronousByteChannel;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.time.Clock;
import java.util.Calendar;
import java.util.Collections;
import java.util.Date;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may import whom, and who may call what; it sits here because samples see every module on one class path. */
class ArchitectureTest {
    /** Full names of the classes of {@code internal} and {@code engine} that may block; each needs its reason here. */
    private static final Set<String> MAY_BLOCK =
            Set.of("io.millrace.core.internal.FutureSend", "io.millrace.core.engine.CloseOnce");

    private static final String[] LIBRARY = {
        "io.millrace.core..", "io.millrace.server..", "io.millrace.client..", "io.millrace.uring.."
    };

    private static JavaClasses millrace;

    @BeforeAll
    static void importClasses() {
        millrace = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .withImportOption(location -> !location.contains("/io/millrace/testing/"))
                .importPackages("io.millrace");
    }

    @Test
    void everyModuleIsSeen() {
        for (String module : Set.of("core", "server", "client", "samples")) {
            assertEquals(
                    true, millrace.containPackage("io.millrace." + module), module + " is missing on the class path");
        }
    }

    @Test
    void serverAndClientNeverMeet() {
        check(noClasses()
                .that(resideInAPackage("io.millrace.server.."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.millrace.client..")));
        check(noClasses()
                .that(resideInAPackage("io.millrace.client.."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.millrace.server..")));
    }

    @Test
    void coreKnowsNoOtherModule() {
        check(noClasses()
                .that(resideInAPackage("io.millrace.core.."))
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.millrace..").and(not(resideInAPackage("io.millrace.core..")))));
    }

    @Test
    void protocolAndMemoryKnowNoEngineAndNoInternals() {
        check(noClasses()
                .that(resideInAnyPackage("io.millrace.core.protocol..", "io.millrace.core.memory.."))
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.millrace..internal..", "io.millrace..engine..")));
    }

    @Test
    void packagesFormNoCycles() {
        check(slices().matching("io.millrace.(**)").should().beFreeOfCycles());
    }

    @Test
    void samplesUseOnlyExportedPackages() throws IOException {
        DescribedPredicate<JavaClass> hidden = hidden();
        check(noClasses()
                .that(resideInAPackage("io.millrace.samples.."))
                .should()
                .dependOnClassesThat(hidden));
    }

    @Test
    void exportedTypesShowNoHiddenTypes() throws IOException {
        DescribedPredicate<JavaClass> hidden = hidden();
        DescribedPredicate<JavaClass> exported =
                resideInAnyPackage(LIBRARY).and(not(hidden)).and(modifier(JavaModifier.PUBLIC));
        check(noClasses().that(exported).should(describeUse("extend", hidden, c -> Stream.concat(
                        c.getRawInterfaces().stream(), c.getRawSuperclass().stream())
                .collect(Collectors.toSet()))));
        check(noMembers()
                .that(describe(
                        "users see",
                        m -> exported.test(m.getOwner())
                                && (m.getModifiers().contains(JavaModifier.PUBLIC)
                                        || m.getModifiers().contains(JavaModifier.PROTECTED))))
                .should(describeUse("show", hidden, JavaMember::getAllInvolvedRawTypes)));
    }

    @Test
    void onlyTheReceiveLoopReads() {
        DescribedPredicate<JavaClass> readers = named("ReceiveLoop")
                .or(named("ProxyHeaderReader"))
                .or(named("GroupWake").and(resideInAPackage("io.millrace.core.engine")))
                .or(named("RefusalAnswer").and(resideInAPackage("io.millrace.server.internal")));
        onlyThese(readers, call(AsynchronousByteChannel.class, "read"));
        onlyThese(readers, call(AsynchronousSocketChannel.class, "read"));
    }

    @Test
    void onlyTheChannelWriterWrites() {
        DescribedPredicate<JavaClass> writers =
                named("ChannelWriter").or(named("RefusalAnswer").and(resideInAPackage("io.millrace.server.internal")));
        onlyThese(writers, call(AsynchronousByteChannel.class, "write"));
        onlyThese(writers, call(AsynchronousSocketChannel.class, "write"));
    }

    @Test
    void onlyTheAcceptorAccepts() {
        onlyThese(named("Acceptor"), call(AsynchronousServerSocketChannel.class, "accept"));
    }

    @Test
    void onlyTheConnectorConnects() {
        onlyThese(named("Connector"), call(AsynchronousSocketChannel.class, "connect"));
    }

    @Test
    void internalsDoNotBlock() {
        DescribedPredicate<JavaAccess<?>> blocking = call(Thread.class, "sleep")
                .or(call(Future.class, "get"))
                .or(call(CountDownLatch.class, "await"))
                .or(call(Object.class, "wait"));
        check(noClasses()
                .that(resideInAnyPackage("io.millrace..internal..", "io.millrace..engine.."))
                .and(describe(
                        "are not listed in MAY_BLOCK",
                        c -> !MAY_BLOCK.contains(outermost(c).getName())))
                .should()
                .accessTargetWhere(blocking));
    }

    @Test
    void nothingGoesByTheWallClock() {
        // It may be moved at any time. A snapshot of the server says when it was taken, and decides nothing by it.
        DescribedPredicate<JavaAccess<?>> askingForTheDate = call(System.class, "currentTimeMillis")
                .or(call(Clock.class, "systemUTC"))
                .or(call(Clock.class, "systemDefaultZone"))
                .or(call(Date.class, "<init>"))
                .or(call(Calendar.class, "getInstance"))
                .or(describe(
                        "now() of a date",
                        access -> access.getName().equals("now")
                                && access.getTargetOwner().getPackageName().startsWith("java.time")));
        onlyThese(named("TcpServer"), askingForTheDate);
    }

    @Test
    void librariesDoNotPrint() {
        DescribedPredicate<JavaAccess<?>> printing =
                call(System.class, "out").or(call(System.class, "err")).or(call(Throwable.class, "printStackTrace"));
        check(noClasses().that(resideInAnyPackage(LIBRARY)).should().accessTargetWhere(printing));
    }

    @Test
    void librariesUseNoUnsafeAndNoReflectionTypes() {
        check(noClasses()
                .that(resideInAnyPackage(LIBRARY))
                .should()
                .dependOnClassesThat(resideInAPackage("java.lang.reflect..")
                        .or(describe("are sun.misc.Unsafe", c -> c.getName().equals("sun.misc.Unsafe")))));
    }

    @Test
    void librariesDoNotReflect() {
        DescribedPredicate<JavaAccess<?>> reflecting = describe(
                "a reflective lookup",
                access -> access.getTargetOwner().isEquivalentTo(Class.class)
                        && (access.getName().equals("forName")
                                || access.getName().matches("get(Declared|Enclosing)?(Field|Method|Constructor)s?")));
        check(noClasses().that(resideInAnyPackage(LIBRARY)).should().accessTargetWhere(reflecting));
    }

    /** In the libraries, only the given classes (and those inside them) make the given access. */
    private static void onlyThese(DescribedPredicate<JavaClass> allowed, DescribedPredicate<JavaAccess<?>> access) {
        check(noClasses()
                .that(resideInAnyPackage(LIBRARY))
                .and(not(allowed))
                .should()
                .accessTargetWhere(access));
    }

    /** A call, method reference or field access by that name, on {@code owner} or what extends it. */
    private static DescribedPredicate<JavaAccess<?>> call(Class<?> owner, String name) {
        return describe(
                owner.getSimpleName() + "." + name,
                access ->
                        access.getName().equals(name) && access.getTargetOwner().isAssignableTo(owner));
    }

    private static DescribedPredicate<JavaClass> named(String simpleName) {
        return describe(simpleName, c -> outermost(c).getSimpleName().equals(simpleName));
    }

    private static JavaClass outermost(JavaClass c) {
        JavaClass outer = c;
        while (outer.getEnclosingClass().isPresent()) {
            outer = outer.getEnclosingClass().get();
        }
        return outer;
    }

    /** Types of the libraries in packages that are not exported to everybody. */
    private static DescribedPredicate<JavaClass> hidden() throws IOException {
        Set<String> exported = exportedPackages();
        return resideInAnyPackage(LIBRARY)
                .and(describe("are not exported", c -> !exported.contains(c.getPackageName())));
    }

    private static Set<String> exportedPackages() throws IOException {
        Set<String> exported = new TreeSet<>();
        for (URL url : Collections.list(ArchitectureTest.class.getClassLoader().getResources("module-info.class"))) {
            try (InputStream in = url.openStream()) {
                ModuleDescriptor module = ModuleDescriptor.read(in);
                if (module.name().startsWith("io.millrace.")) {
                    module.exports().stream()
                            .filter(export -> !export.isQualified())
                            .forEach(export -> exported.add(export.source()));
                }
            }
        }
        return exported;
    }

    private static <T extends HasDescription> ArchCondition<T> describeUse(
            String verb, DescribedPredicate<JavaClass> target, Function<T, Set<JavaClass>> types) {
        return new ArchCondition<>(verb + " classes that " + target.getDescription()) {
            @Override
            public void check(T item, ConditionEvents events) {
                for (JavaClass type : types.apply(item)) {
                    String message = item.getDescription() + " has " + type.getName();
                    events.add(new SimpleConditionEvent(item, target.test(type), message));
                }
            }
        };
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(millrace);
    }
}

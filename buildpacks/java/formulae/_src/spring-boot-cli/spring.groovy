/*
 * A stand-in for the Spring Boot CLI, of Groovy alone: there is no Spring in it. It
 * compiles scripts together, as the CLI does, and runs those of their classes that are
 * CommandLineRunners, in the scripts' order. There are no web applications and no beans.
 * What runs here runs with the CLI, too.
 */
package org.springframework.boot

import groovy.transform.CompileStatic
import org.codehaus.groovy.control.CompilationFailedException
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.Phases
import org.codehaus.groovy.control.customizers.ImportCustomizer

/** As Spring Boot has it. */
interface CommandLineRunner {
    void run(String... arguments) throws Exception
}

/** Classes that have been compiled in memory. */
@CompileStatic // since a newer Java hides defineClass() from what calls by name
class Compiled extends ClassLoader {
    Map<String, byte[]> classes = [:]

    Compiled(ClassLoader parent) {
        super(parent)
    }

    protected Class<?> findClass(String name) {
        byte[] bytes = classes[name]
        if (bytes == null) throw new ClassNotFoundException(name)
        return defineClass(name, bytes, 0, bytes.length)
    }
}

void fail(String message) {
    System.err.println "spring: $message"
    System.exit(1)
}

List<String> words = args as List // after the options: the scripts
if (!words || words.remove(0) != 'run') {
    fail 'this stand-in for the Spring Boot CLI knows only: run [-cp PATH] SCRIPT…'
}
def libraries = new GroovyClassLoader(getClass().classLoader)
if (words && words[0] in ['-cp', '--classpath']) {
    words.remove(0)
    if (!words) fail '-cp needs a path'
    words.remove(0).tokenize(':').each { libraries.addClasspath(it) }
}
if (!words) fail 'which script?'
words.findAll { !new File(it).file }.each { fail "there is no script $it" }

// The CLI imports it by itself.
def configuration = new CompilerConfiguration()
configuration.addCompilationCustomizers(new ImportCustomizer().addImports(CommandLineRunner.name))
def unit = new CompilationUnit(configuration, null, libraries)
words.each { unit.addSource(new File(it)) }
try {
    unit.compile(Phases.CLASS_GENERATION)
} catch (CompilationFailedException error) {
    System.err.println error.message
    fail 'this stand-in for the Spring Boot CLI has Groovy only: no annotations and classes of Spring'
}
def compiled = new Compiled(libraries)
unit.classes.each { compiled.classes[it.name] = it.bytes }
def runners = unit.classes.collect { compiled.loadClass(it.name) }
    .findAll { CommandLineRunner.isAssignableFrom(it) && !it.interface }
if (!runners) fail 'this stand-in for the Spring Boot CLI runs classes that are CommandLineRunners, and there is none'
Thread.currentThread().contextClassLoader = compiled
runners.each { it.getDeclaredConstructor().newInstance().run() }

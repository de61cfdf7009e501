/*
 * An agent that ends the JVM when a resource is exhausted.
 *
 * A JVM that is out of heap or of threads often goes on in a state of its own: half of
 * its threads are dead, and the platform takes it for healthy. Here it is killed, and
 * the platform starts another.
 *
 * jvmti.h comes with a JDK, and only a runtime is needed here, so the few things that are
 * used of it are declared below. The interface is a table of functions whose order is part
 * of its specification (JVM Tool Interface 1.2; the numbers are those of its "function
 * index", less one).
 */
/* For kill(). */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    /* Entries of the tool interface's table. */
    SET_EVENT_NOTIFICATION_MODE = 1,
    SET_EVENT_CALLBACKS = 121,
    ADD_CAPABILITIES = 141,
    /* The entry of the invocation interface's table that gives the tool interface. */
    GET_ENV = 6,
    /* The event's number, and that of the first one in the table of callbacks. */
    RESOURCE_EXHAUSTED = 80,
    FIRST_EVENT = 50,
    /* Bits of the capabilities. */
    HEAP_EXHAUSTION = 39,
    THREAD_EXHAUSTION = 40,
    ENABLE = 1,
    VERSION_1_2 = 0x30010200,
};

/* An interface is a pointer to a table of functions. */
typedef void *const *Interface;
typedef int32_t Result;

static void *function(Interface *of, int entry) { return (*of)[entry]; }

/* The flags of the event. */
enum { OUT_OF_MEMORY = 1, HEAP = 2, THREADS = 4 };

static void exhausted(Interface *tools, Interface *jni, int32_t flags, const void *reserved,
                      const char *description) {
    (void)tools;
    (void)jni;
    (void)reserved;
    const char *what = flags & THREADS ? "threads" : flags & HEAP ? "heap" : "memory";
    fprintf(stderr, "jvmkill: out of %s (%s): the JVM is killed\n", what,
            description ? description : "no description");
    fflush(stderr);
    /* Not exit(): that would run shutdown hooks in a JVM that has no memory for them. */
    kill(getpid(), SIGKILL);
}

__attribute__((visibility("default"))) Result Agent_OnLoad(Interface *jvm, char *options,
                                                           void *reserved) {
    (void)reserved;
    Interface *tools = NULL;
    Result (*get_env)(Interface *, void **, int32_t);
    Result (*add_capabilities)(Interface *, const void *);
    Result (*set_callbacks)(Interface *, const void *, int32_t);
    Result (*set_mode)(Interface *, int32_t, int32_t, void *, ...);

    *(void **)&get_env = function(jvm, GET_ENV);
    if (get_env(jvm, (void **)&tools, VERSION_1_2) != 0) {
        fputs("jvmkill: this JVM has no tool interface\n", stderr);
        return 1;
    }
    *(void **)&add_capabilities = function(tools, ADD_CAPABILITIES);
    *(void **)&set_callbacks = function(tools, SET_EVENT_CALLBACKS);
    *(void **)&set_mode = function(tools, SET_EVENT_NOTIFICATION_MODE);

    uint32_t capabilities[4] = {0};
    capabilities[HEAP_EXHAUSTION / 32] |= UINT32_C(1) << HEAP_EXHAUSTION % 32;
    capabilities[THREAD_EXHAUSTION / 32] |= UINT32_C(1) << THREAD_EXHAUSTION % 32;
    void *callbacks[RESOURCE_EXHAUSTED - FIRST_EVENT + 1] = {0};
    void (*callback)(Interface *, Interface *, int32_t, const void *, const char *) = exhausted;
    memcpy(&callbacks[RESOURCE_EXHAUSTED - FIRST_EVENT], &callback, sizeof callback);

    if (add_capabilities(tools, capabilities) != 0 ||
        set_callbacks(tools, callbacks, (int32_t)sizeof callbacks) != 0 ||
        set_mode(tools, ENABLE, RESOURCE_EXHAUSTED, NULL) != 0) {
        fputs("jvmkill: this JVM does not tell when a resource is exhausted\n", stderr);
        return 1;
    }
    /* The options that other agents of this name know (printHeapHistogram, heapDumpPath)
       ask for more to be printed; the JVM's own -XX:+HeapDumpOnOutOfMemoryError does that. */
    (void)options;
    return 0;
}

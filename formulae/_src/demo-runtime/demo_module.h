/* The interface between the demo runtime and its extensions.
 *
 * As with the real PHP, its number changes with each series: an extension that
 * was compiled for one series is refused by another, which is why there is a
 * package of every extension for every series. */
#ifndef DEMO_MODULE_H
#define DEMO_MODULE_H

#include "demo_api.h" /* DEMO_API: written by the build of each series */

struct demo_module {
    unsigned api;        /* DEMO_API, as it was when this was compiled */
    const char *name;
    const char *version;
    long (*call)(void);  /* what the extension is there for */
};

/* The one symbol that an extension exports. */
const struct demo_module *demo_module(void);

#endif

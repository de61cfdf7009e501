/* An extension that comes with the runtime: the time. */
#include "demo_module.h"

#include <time.h>

static long now(void)
{
    return (long)time(NULL);
}

const struct demo_module *demo_module(void)
{
    static const struct demo_module module = { DEMO_API, "clock", DEMO_VERSION, now };

    return &module;
}

/* An extension that comes with the runtime, with a version of its own: chance. */
#include "demo_module.h"

#include <stdlib.h>
#include <time.h>

static long throw(void)
{
    srand((unsigned)time(NULL));
    return rand() % 6 + 1;
}

const struct demo_module *demo_module(void)
{
    static const struct demo_module module = { DEMO_API, "dice", "1.4.0", throw };

    return &module;
}

/* An extension of its own: counts how often it was called. */
#include <demo_module.h>
#include <tally.h>

static long count(void)
{
    static struct tally calls;

    return tally_add(&calls);
}

const struct demo_module *demo_module(void)
{
    static const struct demo_module module = { DEMO_API, "counter", COUNTER_VERSION, count };

    return &module;
}

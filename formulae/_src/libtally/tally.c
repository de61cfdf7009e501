#include "tally.h"

long tally_add(struct tally *tally)
{
    return ++tally->count;
}

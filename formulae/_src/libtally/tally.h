/* libtally: counts. Header and static library, nothing else. */
#ifndef TALLY_H
#define TALLY_H

struct tally {
    long count;
};

/* Counts one more, and returns how many there are now. */
long tally_add(struct tally *tally);

#endif

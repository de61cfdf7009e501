/* libgreet: greets people. A library small enough to read in a minute. */
#ifndef GREET_H
#define GREET_H

#include <stddef.h>

/* Writes a greeting for `name` into `buffer` (always ended by a NUL when
 * `size` is not 0) and returns its full length, like snprintf. */
int greet(char *buffer, size_t size, const char *name);

/* The version of the library that is linked, such as "1.2.0". */
const char *greet_version(void);

#endif

#ifndef O365SEG_LOST_PAGES_H
#define O365SEG_LOST_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Has the process end with `line` on standard error and exit code 1 if the `length` bytes at
 * `start`, of a mapped file, cannot be read since the file was shortened. For a program that is a
 * whole process. The line is copied. False if there are too many. */
bool end_if_lost(const void *start, size_t length, const char *line);

/* Forgets all of them, and restores what SIGBUS did. */
void forget_mapped(void);

#endif

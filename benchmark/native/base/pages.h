#ifndef O365SEG_PAGES_H
#define O365SEG_PAGES_H

#include "core.h"

/* Lets the system take back the pages of a mapped file that were read, if it is one: they come
 * again from its cache when touched. Keeps memory flat however large the file is. */
void drop_pages(const MappedText *text);

/* The same for a part of it. */
void drop_part(const MappedText *text, const uint8_t *from, const uint8_t *to);

/* From here on this process ends with a line of error and status 1, not by SIGBUS, where a mapped
 * file is cut short under it. For a command; a library leaves signals alone. */
void explain_bus_errors(void);

#endif

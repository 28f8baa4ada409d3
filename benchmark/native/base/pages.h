#ifndef O365SEG_PAGES_H
#define O365SEG_PAGES_H

#include "core.h"

/* Releases the pages of a mapped file that have been read; they are reloaded from the page cache
 * when accessed again. Keeps memory use constant for files of any size. Does nothing for text that
 * is not mapped. */
void drop_pages(const MappedText *text);

/* Releases the pages of a range of the text. */
void drop_range(const MappedText *text, const uint8_t *from, const uint8_t *to);

/* Ends the process with an error message and status 1, instead of by SIGBUS, if a mapped file is
 * truncated while it is read. For commands only: a library does not set signal handlers. */
void explain_bus_errors(void);

#endif

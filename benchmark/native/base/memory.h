/* Allocation with overflow checks. */
#ifndef O365SEG_MEMORY_H
#define O365SEG_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Allocates `count` zeroed items; NULL only when out of memory, also for a count of 0. */
void *new_items(size_t count, size_t size);

/* Makes room for one more item than `count`; changes `*items` and `*capacity` if the array grows.
 * False when out of memory. */
bool room_for_one(void **items, size_t *capacity, size_t count, size_t size);

/* Makes room for `needed` items; otherwise as above. */
bool room_for(void **items, size_t *capacity, size_t needed, size_t size);

#endif

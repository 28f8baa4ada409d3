/* Allocation whose sizes cannot overflow. */
#ifndef O365SEG_MEMORY_H
#define O365SEG_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* `count` zeroed items; never NULL for want of items, only for want of memory. */
void *new_items(size_t count, size_t size);

/* Room for one item more than `count`; `*items` and `*capacity` change where it has to grow. */
bool room_for_one(void **items, size_t *capacity, size_t count, size_t size);

/* Room for `needed` items. */
bool room_for(void **items, size_t *capacity, size_t needed, size_t size);

#endif

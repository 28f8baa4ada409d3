/* Memory that is taken piece by piece and given back all at once. Large pages back it where the
 * system has them: to be given tens of megabytes in pages of 4 kB costs as much as to match. */
#ifndef O365SEG_ARENA_H
#define O365SEG_ARENA_H

#include <stddef.h>

typedef struct Block Block;

/* Empty when zeroed. One thread at a time. */
typedef struct {
    Block *newest;
} Arena;

/* `count` zeroed items; never NULL for want of items, only for want of memory. */
void *arena_items(Arena *arena, size_t count, size_t size);

/* Makes room for more than `count` items, which are moved: as many as there will be, if those are
 * the share `done` of all. NULL for want of memory. */
void *arena_more(Arena *arena, const void *items, size_t count, size_t *capacity, double done,
                 size_t size);

/* Moves all that `other` holds into `arena`. */
void arena_join(Arena *arena, Arena *other);

void arena_free(Arena *arena);

#endif

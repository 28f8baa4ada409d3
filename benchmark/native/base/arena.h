/* Memory allocated piece by piece and freed all at once. Backed by large pages where the system has
 * them: faulting in tens of megabytes in 4 kB pages takes as long as matching. */
#ifndef O365SEG_ARENA_H
#define O365SEG_ARENA_H

#include <stddef.h>

typedef struct Block Block;

/* Empty when zeroed. Not thread-safe. */
typedef struct {
    Block *newest;
} Arena;

/* Allocates `count` zeroed items; NULL only when out of memory, also for a count of 0. */
void *arena_items(Arena *arena, size_t count, size_t size);

/* Moves `count` items to a larger array and sets `*capacity`. `done` is the fraction of the input
 * read so far, 0 to 1, from which the final count is estimated. NULL when out of memory. */
void *arena_more(Arena *arena, const void *items, size_t count, size_t *capacity, double done,
                 size_t size);

/* Moves all blocks of `other` into `arena`. */
void arena_join(Arena *arena, Arena *other);

void arena_free(Arena *arena);

#endif

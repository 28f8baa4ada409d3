#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ALONE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ALONE 1
#endif
#endif

#ifdef ALONE
#include <stdlib.h>
#endif

enum {
    ALIGNMENT = 64,
    FIRST_BLOCK = 1 << 16, /* enough for most evaluations, which are small */
    LARGE_PAGE = 2 << 20,
    LARGE_BLOCK = 4 * LARGE_PAGE
};

struct Block {
    Block *older;
    size_t size, used; /* including this header */
};

static size_t round_up(size_t size, size_t step) { return (size + step - 1) / step * step; }

#ifdef ALONE
/* Allocates each piece on its own, so that AddressSanitizer knows its bounds. */
static Block *new_block(size_t least, size_t before)
{
    (void)before;
    Block *block = calloc(1, least);
    if (block)
        block->size = least;
    return block;
}

static void free_block(Block *block) { free(block); }
#else
/* Allocates a block of at least `least` bytes, zeroed by the system. A large block is aligned to
 * large pages. */
static Block *new_block(size_t least, size_t before)
{
    size_t size = FIRST_BLOCK, slack = 0;
    if (before || least > size) {
        size = round_up(least > LARGE_BLOCK ? least : LARGE_BLOCK, LARGE_PAGE);
        slack = LARGE_PAGE;
    }
    uint8_t *start = mmap(NULL, size + slack, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    if (slack) {
        size_t ahead = (LARGE_PAGE - (uintptr_t)start % LARGE_PAGE) % LARGE_PAGE;
        if (ahead)
            (void)munmap(start, ahead);
        (void)munmap(start + ahead + size, slack - ahead);
        start += ahead;
#ifdef MADV_HUGEPAGE
        (void)madvise(start, size, MADV_HUGEPAGE); /* optional */
#endif
    }
    Block *block = (Block *)start;
    block->size = size;
    return block;
}

static void free_block(Block *block) { (void)munmap(block, block->size); }
#endif

void *arena_items(Arena *arena, size_t count, size_t size)
{
    if (count > (SIZE_MAX / 4) / size)
        return NULL;
    size_t bytes = round_up(count ? count * size : 1, ALIGNMENT);
    Block *block = arena->newest;
    if (!block || bytes > block->size - block->used) {
        size_t head = round_up(sizeof *block, ALIGNMENT);
        block = new_block(head + bytes, arena->newest ? arena->newest->size : 0);
        if (!block)
            return NULL;
        block->used = head;
        block->older = arena->newest;
        arena->newest = block;
    }
    void *items = (uint8_t *)block + block->used;
    block->used += bytes;
    return items;
}

void *arena_more(Arena *arena, const void *items, size_t count, size_t *capacity, double done,
                 size_t size)
{
    enum { FEW = 32, ENOUGH_TO_GUESS = 1024 };
    size_t wanted = count < FEW ? FEW : count < ENOUGH_TO_GUESS ? ENOUGH_TO_GUESS : 2 * count;
    double expected = done > 0 ? 1.06 * (double)count / done : 0;
    if (count >= ENOUGH_TO_GUESS && expected > 1.25 * (double)count && expected < 1e12)
        wanted = (size_t)expected;
    void *copy = arena_items(arena, wanted, size);
    if (!copy)
        return NULL;
    if (count)
        memcpy(copy, items, count * size);
    *capacity = wanted;
    return copy;
}

void arena_join(Arena *arena, Arena *other)
{
    Block **oldest = &other->newest;
    while (*oldest)
        oldest = &(*oldest)->older;
    *oldest = arena->newest;
    arena->newest = other->newest;
    other->newest = NULL;
}

void arena_free(Arena *arena)
{
    while (arena->newest) {
        Block *older = arena->newest->older;
        free_block(arena->newest);
        arena->newest = older;
    }
}

#include "memory.h"

#include <stdint.h>
#include <stdlib.h>

void *new_items(size_t count, size_t size)
{
    return calloc(count ? count : 1, size); /* calloc checks the product */
}

bool room_for(void **items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return true;
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < needed)
        wanted = needed;
    if (wanted < 64)
        wanted = 64;
    if (wanted > SIZE_MAX / size)
        return false;
    void *grown = realloc(*items, wanted * size);
    if (!grown)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

bool room_for_one(void **items, size_t *capacity, size_t count, size_t size)
{
    return count < *capacity || room_for(items, capacity, count + 1, size);
}

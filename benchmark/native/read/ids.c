#include "ids.h"

#include <stdlib.h>

#include "../base/memory.h"

static int by_value(const void *first, const void *second)
{
    int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

static bool ascending(const int64_t *ids, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (ids[i - 1] >= ids[i])
            return false;
    return true;
}

Status ids_unique(int64_t *ids, size_t count)
{
    if (ascending(ids, count))
        return FINE;
    qsort(ids, count, sizeof *ids, by_value);
    return ascending(ids, count) ? FINE : UNUSUAL;
}

static size_t slot_of(const Ids *index, int64_t id)
{
    uint64_t mixed = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 32) & (index->table_size - 1);
}

Status ids_build(Ids *index, int64_t *ids, size_t count)
{
    index->sorted = ids;
    index->count = count;
    if (count > INT32_MAX / 4)
        return UNUSUAL;
    if (ids_unique(ids, count) != FINE)
        return UNUSUAL;
    index->table_size = 16;
    while (index->table_size < 2 * count)
        index->table_size *= 2;
    index->table = new_items(index->table_size, sizeof *index->table);
    if (!index->table)
        return NO_MEMORY;
    for (size_t i = 0; i < index->table_size; i++)
        index->table[i] = -1;
    for (size_t rank = 0; rank < count; rank++) {
        size_t slot = slot_of(index, ids[rank]);
        while (index->table[slot] >= 0)
            slot = (slot + 1) & (index->table_size - 1);
        index->table[slot] = (int32_t)rank;
    }
    return FINE;
}

int32_t ids_find(const Ids *index, int64_t id)
{
    size_t slot = slot_of(index, id);
    for (;;) {
        int32_t rank = index->table[slot];
        if (rank < 0 || index->sorted[rank] == id)
            return rank;
        slot = (slot + 1) & (index->table_size - 1);
    }
}

void ids_free(Ids *index)
{
    free(index->sorted);
    free(index->table);
}

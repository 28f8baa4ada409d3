/* A stable merge sort: pycocotools decides ties between scores by file order. */
#include "ranking.h"

#include <string.h>

enum { RUN = 12 };

static void insertion_sort(Ranked *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        Ranked moved = items[i];
        size_t j = i;
        for (; j > 0 && items[j - 1].score < moved.score; j--)
            items[j] = items[j - 1];
        items[j] = moved;
    }
}

static void merge(const Ranked *from, size_t middle, size_t count, Ranked *to)
{
    size_t i = 0, j = middle, k = 0;
    while (i < middle && j < count) {
        /* Branch-free, because the order is unpredictable (and compilers turn `?:` into a
         * branch). */
        size_t second = from[i].score < from[j].score;
        to[k++] = from[i ^ ((i ^ j) & (0 - second))];
        i += 1 - second;
        j += second;
    }
    memcpy(to + k, from + i, (middle - i) * sizeof *to);
    memcpy(to + k + (middle - i), from + j, (count - j) * sizeof *to);
}

void rank_by_score(Ranked *items, Ranked *spare, size_t count)
{
    Ranked *from = items, *to = spare;
    for (size_t i = 0; i < count; i += RUN)
        insertion_sort(items + i, count - i < RUN ? count - i : RUN);
    for (size_t width = RUN; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t left = count - i;
            size_t middle = left < width ? left : width;
            merge(from + i, middle, left < 2 * width ? left : 2 * width, to + i);
        }
        Ranked *other = from;
        from = to;
        to = other;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

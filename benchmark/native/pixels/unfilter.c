#include "unfilter.h"

#include <stdlib.h>

#include "bytes.h"

enum { NONE, SUB, UP, AVERAGE, PAETH };

enum { WORTHWHILE = 16 }; /* zeros, to be treated at once */

/* Index of the first byte from `at` on that is not 0; at most `end`. */
static size_t zeros_end(const uint8_t *row, size_t at, size_t end)
{
    for (; at + 8 <= end; at += 8) {
        uint64_t bytes = eight_bytes(row + at);
        if (bytes)
            return at + first_set(bytes);
    }
    while (at < end && !row[at])
        at++;
    return at;
}

static void undo_sub(uint8_t *row, size_t length, size_t bytes)
{
    for (size_t at = bytes; at < length; at++) {
        if (!row[at]) {
            size_t end = zeros_end(row, at, length);
            repeat_exactly(row + at, bytes, end - at);
            if (end == length)
                return;
            at = end;
        }
        row[at] = (uint8_t)(row[at] + row[at - bytes]);
    }
}

static void undo_up(uint8_t *restrict row, const uint8_t *restrict above, size_t length)
{
    for (size_t at = 0; at < length; at++)
        row[at] = (uint8_t)(row[at] + above[at]);
}

static void undo_average(uint8_t *row, const uint8_t *above, size_t length, size_t bytes)
{
    for (size_t at = 0; at < bytes; at++)
        row[at] = (uint8_t)(row[at] + above[at] / 2);
    for (size_t at = bytes; at < length; at++)
        row[at] = (uint8_t)(row[at] + (row[at - bytes] + above[at]) / 2);
}

/* Of left, above and left above, the one that is nearest to left + above - left above. */
static uint8_t paeth(int left, int above, int corner)
{
    int by_left = abs(above - corner), by_above = abs(left - corner);
    int by_corner = abs(left + above - 2 * corner);
    if (by_left <= by_above && by_left <= by_corner)
        return (uint8_t)left;
    return (uint8_t)(by_above <= by_corner ? above : corner);
}

static void undo_paeth(uint8_t *row, const uint8_t *above, size_t length, size_t bytes)
{
    undo_up(row, above, bytes);
    size_t at = bytes, zeros = 0; /* zeros are known up to there */
    while (at < length) {
        if (zeros <= at)
            zeros = row[at] ? at : zeros_end(row, at, length);
        size_t end = at;
        if (zeros - at >= WORTHWHILE) {
            /* As above so far: every prediction is the byte above. Flat above: the left one. */
            if (memcmp(row + at - bytes, above + at - bytes, bytes) == 0) {
                end = zeros;
                memcpy(row + at, above + at, end - at);
            } else {
                end = first_difference(above, bytes, at, zeros); /* `row` follows `above` */
                end = end < zeros ? end : zeros;
                repeat_exactly(row + at, bytes, end - at);
            }
        }
        if (end == at) {
            uint8_t found = paeth(row[at - bytes], above[at], above[at - bytes]);
            row[at] = (uint8_t)(row[at] + found);
            end++;
        }
        at = end;
    }
}

bool unfilter(int filter, uint8_t *row, const uint8_t *above, size_t length, size_t bytes)
{
    switch (filter) {
    case NONE:
        return true;
    case SUB:
        undo_sub(row, length, bytes);
        return true;
    case UP:
        undo_up(row, above, length);
        return true;
    case AVERAGE:
        undo_average(row, above, length, bytes);
        return true;
    case PAETH:
        undo_paeth(row, above, length, bytes);
        return true;
    default:
        return false;
    }
}

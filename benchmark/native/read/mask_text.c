/* Finds masks in JSON text without decoding them. */
#include "mask_text.h"

#include <math.h>
#include <string.h>

/* As in o365seg/formats/masks.py. */
static const double FARTHEST_CORNER = 1 << 28, LONGEST_OUTLINE = 1 << 22;

static bool scan_size(Cursor *cursor, MaskText *mask)
{
    int64_t height, width;
    if (!expect(cursor, '[') || !scan_integer(cursor, &height) || !expect(cursor, ',') ||
        !scan_integer(cursor, &width) || !expect(cursor, ']'))
        return false;
    if (height < 0 || width < 0 || height > INT32_MAX || width > INT32_MAX)
        return false;
    mask->height = (int32_t)height;
    mask->width = (int32_t)width;
    return true;
}

static bool skip_integers(Cursor *cursor)
{
    int64_t number;
    cursor->at++;
    if (peek(cursor) == ']')
        return expect(cursor, ']');
    bool more = true;
    while (more)
        if (!scan_integer(cursor, &number) || !next_or_close(cursor, ']', &more))
            return false;
    return true;
}

static bool scan_counts(Cursor *cursor, MaskText *mask)
{
    Span span;
    if (peek(cursor) == '"') {
        mask->kind = MASK_TEXT;
        if (!scan_raw_string(cursor, &span))
            return false;
        mask->escapes = span.escapes;
    } else if (peek(cursor) == '[') {
        mask->kind = MASK_COUNTS;
        span.text = cursor->at;
        if (!skip_integers(cursor))
            return false;
        span.length = (size_t)(cursor->at - span.text);
    } else {
        return false;
    }
    mask->text = span.text;
    mask->length = (uint32_t)span.length;
    return span.length <= INT32_MAX;
}

static bool scan_run_lengths(Cursor *cursor, MaskText *mask, MaskHead *head)
{
    bool size = false, counts = false, more = true;
    const uint8_t *start = cursor->at;
    Span key, other;
    if (repeats(cursor, &head->text)) {
        mask->height = head->height;
        mask->width = head->width;
        size = counts = true;
        if (!scan_counts(cursor, mask) || !next_or_close(cursor, '}', &more))
            return false;
    }
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        if (key_is(key, "size")) {
            if (size || !scan_size(cursor, mask))
                return false;
            size = true;
        } else if (key_is(key, "counts")) {
            if (size && !counts) {
                remember(&head->text, start, cursor->at);
                head->height = mask->height;
                head->width = mask->width;
            }
            if (counts || !scan_counts(cursor, mask))
                return false;
            counts = true;
        } else if (!skip_value(cursor, &other)) {
            return false;
        }
        if (!next_or_close(cursor, '}', &more))
            return false;
    }
    return size && counts;
}

/* How far the longer side of an edge reaches. */
static double edge_length(const double from[2], const double to[2])
{
    double width = fabs(to[0] - from[0]), height = fabs(to[1] - from[1]);
    return width > height ? width : height;
}

/* Skips a list of numbers. `*drawable` becomes false if they are no polygon that the core draws: of
 * few points, an odd number of coordinates, or reaching far. */
static bool skip_polygon(Cursor *cursor, bool *drawable)
{
    double corner[2], before[2] = {0, 0}, first[2] = {0, 0}, outline = 0;
    size_t count = 0;
    bool is_near = true, more = true;
    if (!expect(cursor, '['))
        return false;
    if (peek(cursor) == ']') {
        *drawable = false;
        return expect(cursor, ']');
    }
    for (; more; count++) {
        double *number = &corner[count % 2];
        if (!scan_coordinate(cursor, number) || !next_or_close(cursor, ']', &more))
            return false;
        is_near &= fabs(*number) <= FARTHEST_CORNER;
        if (count % 2 == 0)
            continue;
        if (count > 1)
            outline += edge_length(before, corner);
        else
            memcpy(first, corner, sizeof first);
        memcpy(before, corner, sizeof before);
    }
    outline += edge_length(before, first);
    *drawable &= count >= 6 && count % 2 == 0 && is_near && outline <= LONGEST_OUTLINE;
    return true;
}

static bool skip_polygons(Cursor *cursor, MaskText *mask)
{
    bool drawable = true, more = true;
    mask->text = cursor->at;
    if (!expect(cursor, '['))
        return false;
    if (peek(cursor) == ']') {
        mask->kind = MASK_EMPTY;
        cursor->at++;
        return true;
    }
    while (more)
        if (!skip_polygon(cursor, &drawable) || !next_or_close(cursor, ']', &more))
            return false;
    mask->kind = drawable ? MASK_POLYGONS : MASK_ODD_POLYGONS;
    mask->length = (uint32_t)(cursor->at - mask->text);
    return cursor->at - mask->text <= INT32_MAX;
}

bool scan_mask(Cursor *cursor, MaskText *mask, bool tolerant, MaskHead *head)
{
    memset(mask, 0, sizeof *mask);
    switch (peek(cursor)) {
    case '{':
        cursor->at++;
        if (peek(cursor) == '}')
            return tolerant && expect(cursor, '}');
        return scan_run_lengths(cursor, mask, head);
    case '[':
        return skip_polygons(cursor, mask);
    default:
        return scan_word(cursor, "null");
    }
}

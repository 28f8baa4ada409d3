/* Finds masks in JSON text without decoding them. */
#include "mask_text.h"

#include <string.h>

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

bool scan_mask(Cursor *cursor, MaskText *mask, bool tolerant, MaskHead *head)
{
    Span span;
    bool empty;
    memset(mask, 0, sizeof *mask);
    switch (peek(cursor)) {
    case '{':
        cursor->at++;
        if (peek(cursor) == '}')
            return tolerant && expect(cursor, '}');
        return scan_run_lengths(cursor, mask, head);
    case '[':
        if (!skip_polygons(cursor, &span, &empty) || span.length > INT32_MAX)
            return false;
        mask->kind = empty ? MASK_EMPTY : MASK_POLYGONS;
        mask->text = span.text;
        mask->length = (uint32_t)span.length;
        return true;
    default:
        return scan_word(cursor, "null");
    }
}

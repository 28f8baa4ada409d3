/* A strict scanner of JSON text in memory.
 *
 * Every function returns false for what is not plain: broken JSON, but also rare forms (escapes in
 * keys, numbers of very many digits, deep nesting). Whatever is accepted here, msgspec accepts with
 * the same meaning. */
#ifndef O365SEG_JSON_SCAN_H
#define O365SEG_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *at, *end;
} Cursor;

typedef struct {
    const uint8_t *text;
    size_t length;
    bool escapes; /* of a string: there is a backslash in it */
} Span;

/* The smallest steps are here to be inlined: a large file takes tens of millions of them. */

static inline void skip_blank(Cursor *cursor)
{
    while (cursor->at < cursor->end &&
           (*cursor->at == ' ' || *cursor->at == '\n' || *cursor->at == '\r' ||
            *cursor->at == '\t'))
        cursor->at++;
}

/* The next character after blanks, not taken; 0 at the end. */
static inline uint8_t peek(Cursor *cursor)
{
    skip_blank(cursor);
    return cursor->at < cursor->end ? *cursor->at : 0;
}

/* Blanks and then the character `wanted`. */
static inline bool expect(Cursor *cursor, uint8_t wanted)
{
    skip_blank(cursor);
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

/* After a member or element: `more` is set where a comma follows, else `close` was taken. */
static inline bool next_or_close(Cursor *cursor, uint8_t close, bool *more)
{
    *more = expect(cursor, ',');
    return *more || expect(cursor, close);
}

/* Text that is likely to come again, letter for letter: what stands between the values of a record
 * is the same in most records. What was scanned once need not be scanned a second time. */
typedef struct {
    uint8_t text[56];
    size_t length; /* 0: nothing is known */
} Known;

static inline void remember(Known *known, const uint8_t *from, const uint8_t *to)
{
    known->length = (size_t)(to - from) <= sizeof known->text ? (size_t)(to - from) : 0;
    memcpy(known->text, from, known->length);
}

/* Whether the known text comes next; if so, passes over it. */
static inline bool repeats(Cursor *cursor, const Known *known)
{
    size_t length = known->length, at = 0;
    uint64_t here, there, differs = 0;
    if (length < sizeof here || (size_t)(cursor->end - cursor->at) < length)
        return false;
    for (; at + sizeof here < length; at += sizeof here) {
        memcpy(&here, cursor->at + at, sizeof here);
        memcpy(&there, known->text + at, sizeof there);
        differs |= here ^ there;
    }
    memcpy(&here, cursor->at + length - sizeof here, sizeof here); /* overlaps the one before */
    memcpy(&there, known->text + length - sizeof there, sizeof there);
    if (differs | (here ^ there))
        return false;
    cursor->at += length;
    return true;
}

/* A key, raw, and its colon. Checked text; no \u. */
bool scan_key(Cursor *cursor, Span *key);

static inline bool key_is(Span key, const char *name)
{
    return key.length == strlen(name) && memcmp(key.text, name, key.length) == 0;
}

/* A string's raw inside; escapes and UTF-8 unchecked. */
bool scan_raw_string(Cursor *cursor, Span *inside);

/* Whether the raw inside of a string is sound: UTF-8, no control characters, escapes as JSON has them. */
bool sound_text(Span inside);

/* A whole number of at most 15 digits, not written as a float. */
bool scan_integer(Cursor *cursor, int64_t *value);

/* Any number, rounded to the nearest double. */
bool scan_number(Cursor *cursor, double *value);

/* `true`, `false`, `null`. */
bool scan_word(Cursor *cursor, const char *word);

/* Passes over any value; `*value` is its text. */
bool skip_value(Cursor *cursor, Span *value);

/* Whether the value is a list of lists of numbers; passes over it. */
bool skip_polygons(Cursor *cursor, Span *value, bool *empty);

#endif

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

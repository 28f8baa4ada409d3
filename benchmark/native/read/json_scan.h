/* A strict scanner of JSON text in memory.
 *
 * Every function returns false for input that is not plain: invalid JSON, but also rare forms
 * (escapes in keys, numbers of many digits, deep nesting). msgspec accepts everything that is
 * accepted here, with the same meaning. */
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
    bool escapes; /* of a string: it contains a backslash */
} Span;

/* Inline, because a large file calls these tens of millions of times. */

static inline void skip_blank(Cursor *cursor)
{
    while (cursor->at < cursor->end &&
           (*cursor->at == ' ' || *cursor->at == '\n' || *cursor->at == '\r' ||
            *cursor->at == '\t'))
        cursor->at++;
}

/* The next character after white space, without consuming it; 0 at the end. */
static inline uint8_t peek(Cursor *cursor)
{
    skip_blank(cursor);
    return cursor->at < cursor->end ? *cursor->at : 0;
}

/* Consumes white space and the character `wanted`. */
static inline bool expect(Cursor *cursor, uint8_t wanted)
{
    skip_blank(cursor);
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

/* Consumes what follows a member or element: a comma (`*more` is set) or `close`. */
static inline bool next_or_close(Cursor *cursor, uint8_t close, bool *more)
{
    *more = expect(cursor, ',');
    return *more || expect(cursor, close);
}

/* Text that is likely to repeat: what stands between the values of a record is the same in most
 * records, so it is compared instead of scanned again. */
typedef struct {
    uint8_t text[56];
    size_t length; /* 0: nothing known */
} Known;

static inline void remember(Known *known, const uint8_t *from, const uint8_t *to)
{
    known->length = (size_t)(to - from) <= sizeof known->text ? (size_t)(to - from) : 0;
    memcpy(known->text, from, known->length);
}

/* Consumes the known text if it comes next. */
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
    memcpy(&here, cursor->at + length - sizeof here, sizeof here); /* overlaps the previous one */
    memcpy(&there, known->text + length - sizeof there, sizeof there);
    if (differs | (here ^ there))
        return false;
    cursor->at += length;
    return true;
}

/* Reads a key and its colon. The text is raw, checked, and contains no \u. */
bool scan_key(Cursor *cursor, Span *key);

static inline bool key_is(Span key, const char *name)
{
    return key.length == strlen(name) && memcmp(key.text, name, key.length) == 0;
}

/* Reads a string; `inside` is its raw contents, with escapes and UTF-8 unchecked. */
bool scan_raw_string(Cursor *cursor, Span *inside);

/* Whether the raw contents of a string are valid: UTF-8, no control characters, JSON escapes. */
bool is_valid_text(Span inside);

/* Reads an integer of at most 15 digits, not written as a float. */
bool scan_integer(Cursor *cursor, int64_t *value);

/* Reads any number, rounded to the nearest double. */
bool scan_number(Cursor *cursor, double *value);

/* The same, faster for numbers of few digits. */
bool scan_coordinate(Cursor *cursor, double *value);

/* Consumes `word`: true, false or null. */
bool scan_word(Cursor *cursor, const char *word);

/* Skips any value; `*value` is its text. */
bool skip_value(Cursor *cursor, Span *value);

#endif

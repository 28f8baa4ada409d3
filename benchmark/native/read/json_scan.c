#include "json_scan.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "decimal.h"

enum { DEEPEST = 32 };

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* The first quote or backslash from `at` on; NULL if none. */
static inline const uint8_t *find_special(const uint8_t *at, const uint8_t *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    for (; end - at >= 16; at += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)at);
        int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(text, quote),
                                                   _mm_cmpeq_epi8(text, slash)));
        if (found)
            return at + __builtin_ctz((unsigned)found);
    }
#endif
    for (; at < end; at++)
        if (*at == '"' || *at == '\\')
            return at;
    return NULL;
}

bool scan_raw_string(Cursor *cursor, Span *inside)
{
    if (!expect(cursor, '"'))
        return false;
    const uint8_t *at = cursor->at;
    inside->text = at;
    inside->escapes = false;
    while ((at = find_special(at, cursor->end)) && *at == '\\') {
        inside->escapes = true;
        if (cursor->end - at < 2)
            return false;
        at += 2; /* skip the escaped character */
    }
    if (!at)
        return false;
    inside->length = (size_t)(at - inside->text);
    cursor->at = at + 1;
    return true;
}

/* The length of the UTF-8 character at `text`; 0 if invalid (Unicode 15, table 3-7). */
static size_t utf8_length(const uint8_t *text, size_t left)
{
    uint8_t first = text[0], low = 0x80, high = 0xBF;
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (first > 0xF4 || length == 0 || length > left)
        return 0;
    if (length == 1)
        return 1;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (text[i] < 0x80 || text[i] > 0xBF)
            return 0;
    return length;
}

/* The value of four hexadecimal digits at `text`; -1 if invalid. */
static int hexadecimal(const uint8_t *text)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = text[i], letter = c | 0x20;
        if (is_digit(c))
            value = value * 16 + (c - '0');
        else if (letter >= 'a' && letter <= 'f')
            value = value * 16 + (letter - 'a' + 10);
        else
            return -1;
    }
    return value;
}

/* The length of the escape at `text` (a backslash); 0 if invalid. Surrogates must be pairs. */
static size_t escape_length(const uint8_t *text, size_t left)
{
    if (left >= 2 && text[1] != 'u')
        return memchr("\"\\/bfnrt", text[1], 8) ? 2 : 0;
    int unit = left >= 6 ? hexadecimal(text + 2) : -1;
    if (unit < 0xD800 || unit > 0xDFFF)
        return unit < 0 ? 0 : 6;
    if (unit > 0xDBFF || left < 12 || text[6] != '\\' || text[7] != 'u')
        return 0;
    unit = hexadecimal(text + 8);
    return unit >= 0xDC00 && unit <= 0xDFFF ? 12 : 0;
}

bool is_valid_text(Span inside)
{
    size_t i = 0;
    while (i < inside.length) {
        uint8_t c = inside.text[i];
        if (c < 0x20)
            return false;
        if (c == '\\') {
            size_t length = escape_length(inside.text + i, inside.length - i);
            if (length == 0)
                return false;
            i += length;
        } else if (c < 0x80) {
            i++;
        } else {
            size_t length = utf8_length(inside.text + i, inside.length - i);
            if (length == 0)
                return false;
            i += length;
        }
    }
    return true;
}

/* Reads a key of plain ASCII; otherwise leaves the cursor unchanged and returns false. */
static bool scan_plain_key(Cursor *cursor, Span *key)
{
    skip_blank(cursor);
    const uint8_t *at = cursor->at, *end = cursor->end;
    if (at == end || *at++ != '"')
        return false;
    key->text = at;
    while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    if (at == end || *at != '"')
        return false;
    key->length = (size_t)(at - key->text);
    cursor->at = at + 1;
    return true;
}

bool scan_key(Cursor *cursor, Span *key)
{
    if (scan_plain_key(cursor, key))
        return expect(cursor, ':');
    if (!scan_raw_string(cursor, key) || !is_valid_text(*key))
        return false;
    /* \u can encode any name; no name used here contains another escape. */
    for (size_t i = 0; i + 1 < key->length; i++)
        if (key->text[i] == '\\' && key->text[i + 1] == 'u')
            return false;
    return expect(cursor, ':');
}

bool scan_integer(Cursor *cursor, int64_t *value)
{
    skip_blank(cursor);
    const uint8_t *at = cursor->at, *end = cursor->end;
    bool negative = at < end && *at == '-';
    at += negative;
    const uint8_t *digits = at;
    int64_t number = 0;
    while (at < end && is_digit(*at) && at - digits < 15)
        number = number * 10 + (*at++ - '0');
    ptrdiff_t count = at - digits;
    if (count == 0 || (*digits == '0' && (count > 1 || negative)))
        return false;
    if (at < end && (is_digit(*at) || *at == '.' || *at == 'e' || *at == 'E'))
        return false;
    *value = negative ? -number : number;
    cursor->at = at;
    return true;
}

bool scan_number(Cursor *cursor, double *value)
{
    skip_blank(cursor);
    size_t length = decimal_to_double(cursor->at, (size_t)(cursor->end - cursor->at), value);
    cursor->at += length;
    return length > 0;
}

/* Reads a number of few digits, as most coordinates are; nothing of any other. */
static bool scan_short_number(Cursor *cursor, double *value)
{
    static const double TENS[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    enum { MOST_WHOLE = 6, MOST_DECIMALS = 8 };
    skip_blank(cursor);
    const uint8_t *at = cursor->at, *end = cursor->end, *start = at;
    uint64_t digits = 0;
    unsigned digit;
    size_t decimals = 0;
    while (at < end && (digit = *at - (unsigned)'0') < 10)
        digits = 10 * digits + digit, at++;
    if (at == start || at - start > MOST_WHOLE || (*start == '0' && at - start > 1) || at == end)
        return false;
    if (*at == '.') {
        const uint8_t *point = at++;
        while (at < end && (digit = *at - (unsigned)'0') < 10)
            digits = 10 * digits + digit, at++;
        decimals = (size_t)(at - point) - 1;
        if (decimals == 0 || decimals > MOST_DECIMALS || at == end)
            return false;
    }
    if (*at == 'e' || *at == 'E')
        return false;
    *value = (double)digits / TENS[decimals]; /* both exact, so this rounds once */
    cursor->at = at;
    return true;
}

bool scan_coordinate(Cursor *cursor, double *value)
{
    return scan_short_number(cursor, value) || scan_number(cursor, value);
}

bool scan_word(Cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    skip_blank(cursor);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

static bool skip_nested(Cursor *cursor, int depth);

static bool skip_list(Cursor *cursor, int depth)
{
    cursor->at++;
    if (peek(cursor) == ']')
        return expect(cursor, ']');
    bool more = true;
    while (more)
        if (!skip_nested(cursor, depth + 1) || !next_or_close(cursor, ']', &more))
            return false;
    return true;
}

static bool skip_object(Cursor *cursor, int depth)
{
    Span key;
    cursor->at++;
    if (peek(cursor) == '}')
        return expect(cursor, '}');
    bool more = true;
    while (more)
        if (!scan_key(cursor, &key) || !skip_nested(cursor, depth + 1) ||
            !next_or_close(cursor, '}', &more))
            return false;
    return true;
}

static bool skip_nested(Cursor *cursor, int depth)
{
    Span text;
    double number;
    if (depth > DEEPEST)
        return false;
    switch (peek(cursor)) {
    case '[': return skip_list(cursor, depth);
    case '{': return skip_object(cursor, depth);
    case '"': return scan_raw_string(cursor, &text) && is_valid_text(text);
    case 't': return scan_word(cursor, "true");
    case 'f': return scan_word(cursor, "false");
    case 'n': return scan_word(cursor, "null");
    default: return scan_number(cursor, &number);
    }
}

bool skip_value(Cursor *cursor, Span *value)
{
    skip_blank(cursor);
    value->text = cursor->at;
    if (!skip_nested(cursor, 0))
        return false;
    value->length = (size_t)(cursor->at - value->text);
    return true;
}

#include "run_lengths.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "../base/memory.h"
#include "../read/json_scan.h"

bool room_for_runs(RunList *list, size_t more)
{
    if (more > SIZE_MAX / 2 - list->used)
        return false;
    return room_for((void **)&list->ends, &list->capacity, list->used + more,
                    sizeof *list->ends);
}

/* Copies the text of a JSON string with its escaped backslashes unescaped. Returns its length, or
 * SIZE_MAX for any other escape. */
static size_t unescape(uint8_t *copy, const uint8_t *text, size_t length)
{
    size_t used = 0;
    const uint8_t *end = text + length;
    while (text < end) {
#if defined(__SSE2__)
        if (end - text >= 16) { /* bytes copied too many are overwritten */
            __m128i chunk = _mm_loadu_si128((const __m128i *)text);
            int slashes = _mm_movemask_epi8(_mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\')));
            int plain = slashes ? __builtin_ctz((unsigned)slashes) : 16;
            _mm_storeu_si128((__m128i *)(copy + used), chunk);
            used += (size_t)plain;
            text += plain;
            if (!slashes)
                continue;
        }
#endif
        copy[used++] = *text;
        if (*text++ == '\\' && (text == end || *text++ != '\\'))
            return SIZE_MAX;
    }
    return used;
}

/* Reads a number of compressed text: 5 bits a character, least significant first; 0x20 means that
 * another character follows, and 0x10 in the last one is the sign. NULL if it is truncated, longer
 * than 7 characters (6 with a sign), or has an invalid character. */
static const uint8_t *take_number_slowly(const uint8_t *at, const uint8_t *end, uint64_t *number)
{
    uint64_t value = 0;
    unsigned shift = 0, digit;
    do {
        if (at == end || shift == 35)
            return NULL;
        digit = *at++ - 48u;
        if (digit > 63)
            return NULL;
        value |= (uint64_t)(digit & 31) << shift;
        shift += 5;
    } while (digit & 32);
    if (digit & 16) {
        if (shift == 35) /* pycocotools sign-extends in 32 bits and reads another number */
            return NULL;
        value -= (uint64_t)1 << shift;
    }
    *number = value;
    return at;
}

/* The fast version of take_number_slowly: most numbers have one character, and the length of the
 * others is unpredictable, so up to 4 characters are read without a branch. */
static inline const uint8_t *take_number(const uint8_t *at, const uint8_t *end, uint64_t *number)
{
    unsigned first = *at - 48u;
    if (first < 32) {
        *number = (uint64_t)(first ^ 16) - 16;
        return at + 1;
    }
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word -= UINT64_C(0x3030303030303030);
        uint64_t last = ~word & UINT64_C(0x20202020); /* characters that end a number */
        if (last) {
            unsigned length = ((unsigned)__builtin_ctzll(last) >> 3) + 1, unused = 64 - 5 * length;
            uint64_t bits = (word & 0x1F) | (word >> 3 & 0x3E0) | (word >> 6 & 0x7C00) |
                            (word >> 9 & 0xF8000);
            if (word & UINT64_C(0xC0C0C0C0) >> (32 - 8 * length)) /* invalid character */
                return NULL;
            bits <<= unused;
            *number = bits >> unused | (bits >> 63 ? ~UINT64_C(0) << (64 - unused) : 0);
            return at + length;
        }
    }
#endif
    return take_number_slowly(at, end, number);
}

/* Of the functions below there are two versions: one keeps the runs, the other (`keep` is false) only
 * measures them, which takes half as long. */
#define TWO_VERSIONS __attribute__((always_inline)) static inline

/* The state of a decoder. Arithmetic is unsigned, so that invalid numbers cannot overflow: a number
 * that is negative or larger than the mask sets the top bit of `bad`, and until then sums are
 * correct. An empty run sets the top bit of `holes`. */
typedef struct {
    uint32_t *out;
    uint64_t sum, pixels, area, bad, holes;
} Decoding;

TWO_VERSIONS void add_run(Decoding *decoding, uint64_t length, bool keep)
{
    decoding->bad |= length | (decoding->pixels - length);
    decoding->holes |= length - 1;
    decoding->sum += length;
    if (keep)
        *decoding->out++ = (uint32_t)decoding->sum;
}

/* The first background run may be empty. */
TWO_VERSIONS void add_first(Decoding *decoding, uint64_t length, bool keep)
{
    add_run(decoding, length, keep);
    decoding->holes = 0;
}

/* Reads a foreground and a background run, each given as the difference from the run two before it.
 * False if one is truncated or too long. */
TWO_VERSIONS bool add_two_runs(Decoding *decoding, const uint8_t **at, const uint8_t *end,
                               uint64_t *foreground, uint64_t *background, bool keep)
{
    uint64_t number;
    *at = take_number(*at, end, &number);
    if (!*at)
        return false;
    *foreground += number;
    add_run(decoding, *foreground, keep);
    decoding->area += *foreground;
    if (*at == end)
        return true;
    *at = take_number(*at, end, &number);
    if (!*at)
        return false;
    *background += number;
    add_run(decoding, *background, keep);
    return true;
}

/* Whether the eight characters at `at` are eight numbers of one character each, as most are. A
 * character below the alphabet borrows from those above it, but sets its own top bits first. */
static inline bool are_eight(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return !((word - UINT64_C(0x3030303030303030)) & UINT64_C(0xE0E0E0E0E0E0E0E0));
}

#if defined(__SSE2__)
/* With fewer pixels than this, no sum of eight more runs exceeds 31 bits. */
#define FEW_PIXELS (UINT64_C(1) << 27)

/* Each of eight one-character numbers, as bytes, with all before it that are an even number of places
 * away: at most four of -16 to 15. */
static inline __m128i running_steps(const uint8_t *at)
{
    __m128i step = _mm_loadl_epi64((const __m128i *)at);
    step = _mm_xor_si128(_mm_sub_epi8(step, _mm_set1_epi8(48)), _mm_set1_epi8(16));
    step = _mm_sub_epi8(step, _mm_set1_epi8(16));
    step = _mm_add_epi8(step, _mm_slli_si128(step, 2));
    return _mm_add_epi8(step, _mm_slli_si128(step, 4));
}

/* Sums of four lanes: each with all before it. */
static inline __m128i running_sums(__m128i lanes)
{
    lanes = _mm_add_epi32(lanes, _mm_slli_si128(lanes, 4));
    return _mm_add_epi32(lanes, _mm_slli_si128(lanes, 8));
}

static inline uint32_t lane(__m128i lanes, int number)
{
    uint32_t values[4];
    _mm_storeu_si128((__m128i *)values, lanes);
    return values[number];
}

static inline uint64_t top_bit(__m128i lanes)
{
    return _mm_movemask_ps(_mm_castsi128_ps(lanes)) ? UINT64_C(1) << 63 : 0;
}

/* Reads all groups of eight one-character numbers from `at` on; returns their end. An invalid number
 * or a sum beyond 31 bits marks `bad`, and what follows in the loop does not matter. */
TWO_VERSIONS const uint8_t *add_eights(Decoding *decoding, const uint8_t *at, const uint8_t *end,
                                       uint64_t *foreground, uint64_t *background, bool keep)
{
    const __m128i zero = _mm_setzero_si128(), one = _mm_set1_epi32(1);
    __m128i length = _mm_set_epi32((int)*background, (int)*foreground, (int)*background,
                                   (int)*foreground);
    __m128i sum = _mm_set1_epi32((int)decoding->sum);
    __m128i lengths = zero, bad = zero, holes = zero; /* lanes 0 and 2 are foreground */
    uint32_t *out = decoding->out;
    do {
        __m128i step = running_steps(at);
        __m128i wide = _mm_unpacklo_epi8(step, _mm_cmpgt_epi8(zero, step));
        __m128i sign = _mm_cmpgt_epi16(zero, wide);
        __m128i first = _mm_add_epi32(length, _mm_unpacklo_epi16(wide, sign));
        __m128i second = _mm_add_epi32(length, _mm_unpackhi_epi16(wide, sign));
        length = _mm_shuffle_epi32(second, 0xEE);
        bad = _mm_or_si128(bad, _mm_or_si128(first, second));
        lengths = _mm_add_epi32(lengths, _mm_add_epi32(first, second));
        bad = _mm_or_si128(bad, lengths);
        if (keep) {
            holes = _mm_or_si128(holes, _mm_or_si128(_mm_sub_epi32(first, one),
                                                     _mm_sub_epi32(second, one)));
            first = _mm_add_epi32(running_sums(first), sum);
            second = _mm_add_epi32(running_sums(second), _mm_shuffle_epi32(first, 0xFF));
            sum = _mm_shuffle_epi32(second, 0xFF);
            _mm_storeu_si128((__m128i *)out, first);
            _mm_storeu_si128((__m128i *)(out + 4), second);
            out += 8;
        }
        at += 8;
    } while (end - at >= 8 && are_eight(at));
    uint64_t pixels = (uint64_t)lane(lengths, 0) + lane(lengths, 2);
    decoding->out = out;
    decoding->area += pixels;
    decoding->sum += pixels + lane(lengths, 1) + lane(lengths, 3);
    decoding->bad |= top_bit(bad);
    decoding->holes |= top_bit(holes);
    *foreground = lane(length, 0);
    *background = lane(length, 1);
    return at;
}
#endif

/* Reads one group of eight, for a mask of any size. Checks only signs: the caller checks that the
 * sum stays within the mask, so that no run can be longer than it. */
TWO_VERSIONS void add_eight(Decoding *decoding, const uint8_t *at, uint64_t *foreground,
                            uint64_t *background, bool keep)
{
    for (int i = 0; i < 8; i += 2) {
        *foreground += (uint64_t)((at[i] - 48u) ^ 16) - 16;
        *background += (uint64_t)((at[i + 1] - 48u) ^ 16) - 16;
        decoding->bad |= *foreground | *background;
        decoding->holes |= (*foreground - 1) | (*background - 1);
        decoding->area += *foreground;
        if (keep)
            *decoding->out++ = (uint32_t)(decoding->sum + *foreground);
        decoding->sum += *foreground + *background;
        if (keep)
            *decoding->out++ = (uint32_t)decoding->sum;
    }
}

/* From the fourth number on each is the difference to the one two before it. */
TWO_VERSIONS bool decode_text(Decoding *result, const uint8_t *at, size_t length, bool keep)
{
    const uint8_t *end = at + length;
    uint64_t background = 0, foreground = 0, number;
    Decoding local = *result, *decoding = &local; /* in registers */
    if (at < end) {
        at = take_number(at, end, &number);
        if (!at)
            return false;
        add_first(decoding, number, keep);
    }
    while (end - at >= 8) {
        if (are_eight(at)) {
#if defined(__SSE2__)
            if (decoding->pixels < FEW_PIXELS) {
                at = add_eights(decoding, at, end, &foreground, &background, keep);
            } else
#endif
            {
                add_eight(decoding, at, &foreground, &background, keep);
                at += 8;
            }
        } else if (!add_two_runs(decoding, &at, end, &foreground, &background, keep)) {
            return false;
        }
        if ((decoding->bad | (decoding->pixels - decoding->sum)) >> 63)
            return false;
    }
    while (at < end)
        if (!add_two_runs(decoding, &at, end, &foreground, &background, keep))
            return false;
    *result = local;
    return true;
}

static bool decode_counts(Decoding *decoding, const uint8_t *text, size_t length)
{
    Cursor cursor = {text, text + length};
    int64_t value;
    bool more = true;
    if (!expect(&cursor, '['))
        return false;
    if (peek(&cursor) == ']')
        return true;
    for (size_t count = 0; more; count++) {
        if (!scan_integer(&cursor, &value) || !next_or_close(&cursor, ']', &more))
            return false;
        if (count)
            add_run(decoding, (uint64_t)value, true);
        else
            add_first(decoding, (uint64_t)value, true);
        decoding->area += count % 2 ? (uint64_t)value : 0;
    }
    return true;
}

TWO_VERSIONS Status decode(const MaskText *text, int32_t height, int32_t width, RunList *list,
                           Mask *mask, bool keep)
{
    /* A number has at least one character, so this is enough room, with a copy of the text behind
     * the runs. */
    size_t copied = (size_t)text->length / sizeof *list->ends + 1, length = text->length;
    if (!room_for_runs(list, length + 1 + copied))
        return NO_MEMORY;
    Decoding decoding = {.out = list->ends + list->used,
                         .pixels = (uint64_t)height * (uint64_t)width};
    bool valid = true;
    if (text->kind == MASK_EMPTY) {
        add_first(&decoding, decoding.pixels, true);
    } else if (text->kind == MASK_COUNTS) {
        valid = decode_counts(&decoding, text->text, length);
    } else {
        const uint8_t *plain = text->text;
        if (text->kind == MASK_TEXT && text->escapes) {
            uint8_t *copy = (uint8_t *)(decoding.out + length + 1);
            length = unescape(copy, plain, length);
            plain = copy;
        }
        valid = length != SIZE_MAX && decode_text(&decoding, plain, length, keep);
    }
    if (!valid || decoding.bad >> 63 || decoding.sum != decoding.pixels)
        return UNUSUAL;
    mask->first = list->used;
    mask->runs = (uint32_t)(decoding.out - (list->ends + list->used));
    mask->area = (uint32_t)decoding.area;
    mask->hollow = decoding.holes >> 63;
    list->used += mask->runs;
    return FINE;
}

Status decode_mask(const MaskText *text, int32_t height, int32_t width, RunList *list, Mask *mask)
{
    return decode(text, height, width, list, mask, true);
}

Status measure_mask(const MaskText *text, int32_t height, int32_t width, RunList *list, Mask *mask)
{
    return decode(text, height, width, list, mask, false);
}

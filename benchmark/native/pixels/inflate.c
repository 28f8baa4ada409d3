#include "inflate.h"

#include "bytes.h"
#include "huffman.h"

/* The input as a stream of bits, lowest first. Those of `buffer` from `count` on may be set: they
 * are those of the bytes at `next`. */
typedef struct {
    const uint8_t *next, *end;
    uint64_t buffer;
    unsigned count;
} Input;

typedef struct {
    Code lengths[LENGTH_ROOM], distances[DISTANCE_ROOM];
} Tables;

typedef struct {
    uint8_t *start, *next, *end;
} Output;

/* Makes at least 56 bits available; beyond the input they are 0. False once such bits were taken. */
static inline bool refill(Input *bits)
{
    if (bits->next - (bits->count >> 3) > bits->end)
        return false;
    bits->buffer |= eight_bytes(bits->next) << bits->count;
    bits->next += (63 - bits->count) >> 3;
    bits->count |= 56;
    return true;
}

/* Takes up to 32 of the available bits. */
static inline unsigned take(Input *bits, unsigned number)
{
    unsigned value = (unsigned)(bits->buffer & (((uint64_t)1 << number) - 1));
    bits->buffer >>= number;
    bits->count -= number;
    return value;
}

static inline Code take_code(Input *bits, const Code *table, unsigned first_bits)
{
    Code code = look_up(table, first_bits, bits->buffer);
    take(bits, code.bits);
    return code;
}

/* What the symbols stand for (RFC 1951, 3.2.5); zeros are symbols that must not occur. */
static void set_meanings(Code lengths[MOST_SYMBOLS], Code distances[32])
{
    memset(lengths, 0, MOST_SYMBOLS * sizeof *lengths);
    memset(distances, 0, 32 * sizeof *distances);
    for (unsigned symbol = 0; symbol < 256; symbol++)
        lengths[symbol] = (Code){(uint16_t)symbol, 0, LITERAL};
    lengths[256] = (Code){0, 0, END_OF_BLOCK};
    unsigned base = 3;
    for (unsigned i = 0; i < 28; i++) {
        unsigned extra = i < 8 ? 0 : i / 4 - 1;
        lengths[257 + i] = (Code){(uint16_t)base, 0, (uint8_t)extra};
        base += 1u << extra;
    }
    lengths[285] = (Code){258, 0, 0};
    base = 1;
    for (unsigned i = 0; i < 30; i++) {
        unsigned extra = i < 4 ? 0 : i / 2 - 1;
        distances[i] = (Code){(uint16_t)base, 0, (uint8_t)extra};
        base += 1u << extra;
    }
}

static bool fill_tables(const uint8_t *lengths, size_t literals, size_t distances, Tables *tables)
{
    Code of_lengths[MOST_SYMBOLS], of_distances[32];
    set_meanings(of_lengths, of_distances);
    return fill_codes(lengths, of_lengths, literals, LENGTH_BITS, true, tables->lengths,
                      LENGTH_ROOM) &&
           fill_codes(lengths + literals, of_distances, distances, DISTANCE_BITS, true,
                      tables->distances, DISTANCE_ROOM);
}

static bool fixed_tables(Tables *tables)
{
    uint8_t lengths[MOST_SYMBOLS + 32];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    memset(lengths + MOST_SYMBOLS, 5, 32);
    return fill_tables(lengths, MOST_SYMBOLS, 32, tables);
}

/* Reads the tables at the start of a block (RFC 1951, 3.2.7). */
static bool read_tables(Input *bits, Tables *tables)
{
    enum { CODES = 19, ROOM = 128, FIRST = 7 };
    static const uint8_t ORDER[CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                         11, 4,  12, 3, 13, 2, 14, 1, 15};
    Code symbols[CODES], table[ROOM];
    for (unsigned symbol = 0; symbol < CODES; symbol++)
        symbols[symbol] = (Code){(uint16_t)symbol, 0, LITERAL};
    uint8_t lengths[320] = {0};
    if (!refill(bits))
        return false;
    size_t literals = take(bits, 5) + 257, distances = take(bits, 5) + 1, given = take(bits, 4) + 4;
    if (literals > 286 || distances > 30)
        return false;
    for (size_t i = 0; i < given; i++) {
        if (i % 16 == 0 && !refill(bits))
            return false;
        lengths[ORDER[i]] = (uint8_t)take(bits, 3);
    }
    if (!fill_codes(lengths, symbols, CODES, FIRST, false, table, ROOM))
        return false;
    size_t at = 0, all = literals + distances;
    while (at < all) {
        if (!refill(bits))
            return false;
        Code code = take_code(bits, table, FIRST);
        uint8_t value = (uint8_t)code.base;
        size_t times = 1;
        if (code.base >= 16) {
            if (code.base == 16 && at == 0)
                return false;
            value = code.base == 16 ? lengths[at - 1] : 0;
            times = code.base == 16   ? 3 + take(bits, 2)
                    : code.base == 17 ? 3 + take(bits, 3)
                                      : 11 + take(bits, 7);
        }
        if (times > all - at)
            return false;
        memset(lengths + at, value, times);
        at += times;
    }
    return lengths[256] && fill_tables(lengths, literals, distances, tables);
}

/* Decompresses a block of codes. */
static bool inflate_block(Input *bits, const Tables *tables, Output *output)
{
    uint8_t *next = output->next, *end = output->end;
    while (refill(bits)) {
        Code code = take_code(bits, tables->lengths, LENGTH_BITS);
        if (code.extra == LITERAL) {
            if (next == end)
                return false;
            *next++ = (uint8_t)code.base;
            code = take_code(bits, tables->lengths, LENGTH_BITS); /* 41 bits are left at least */
            if (code.extra == LITERAL) {
                if (next == end)
                    return false;
                *next++ = (uint8_t)code.base;
                continue;
            }
            if (!refill(bits))
                return false;
        }
        if (code.extra == END_OF_BLOCK) {
            output->next = next;
            return true;
        }
        size_t length = code.base + take(bits, code.extra);
        Code far = take_code(bits, tables->distances, DISTANCE_BITS);
        size_t distance = far.base + take(bits, far.extra);
        /* Without a code, the base is 0. */
        if (!code.base || !far.base || distance > (size_t)(next - output->start) ||
            length > (size_t)(end - next))
            return false;
        repeat_roughly(next, distance, length);
        next += length;
    }
    return false;
}

/* Drops bits up to the next whole byte of the input, and returns its place. */
static const uint8_t *whole_bytes(Input *bits)
{
    const uint8_t *at = bits->next - (bits->count >> 3);
    *bits = (Input){at, bits->end, 0, 0};
    return at;
}

static bool copy_block(Input *bits, Output *output)
{
    const uint8_t *at = whole_bytes(bits);
    if (bits->end - at < 4)
        return false;
    size_t length = (size_t)at[0] | (size_t)at[1] << 8;
    size_t complement = (size_t)at[2] | (size_t)at[3] << 8;
    at += 4;
    if ((length ^ complement) != 0xFFFF || (size_t)(bits->end - at) < length ||
        (size_t)(output->end - output->next) < length)
        return false;
    memcpy(output->next, at, length);
    output->next += length;
    bits->next = at + length;
    return true;
}

bool inflate_exactly(const uint8_t *input, size_t length, uint8_t *output, size_t wanted)
{
    if (length < 2 || (input[0] & 15) != 8 || input[0] >> 4 > 7 || input[1] & 32 ||
        (input[0] * 256 + input[1]) % 31)
        return false;
    Input bits = {input + 2, input + length, 0, 0};
    Output out = {output, output, output + wanted};
    Tables tables;
    bool last = false;
    while (!last) {
        if (!refill(&bits))
            return false;
        last = take(&bits, 1);
        unsigned type = take(&bits, 2);
        bool done = type == 0   ? copy_block(&bits, &out)
                    : type == 1 ? fixed_tables(&tables) && inflate_block(&bits, &tables, &out)
                                : type == 2 && read_tables(&bits, &tables) &&
                                      inflate_block(&bits, &tables, &out);
        if (!done)
            return false;
    }
    enum { CHECKSUM = 4 };
    return out.next == out.end && bits.end - whole_bytes(&bits) >= CHECKSUM;
}

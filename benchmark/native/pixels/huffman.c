#include "huffman.h"

#include <string.h>

static unsigned reversed(unsigned code, unsigned bits)
{
    unsigned out = 0;
    for (; bits > 0; bits--, code >>= 1)
        out = out << 1 | (code & 1);
    return out;
}

/* Sets the first code of each length; false unless the codes fill the tree. */
static bool first_codes(const uint8_t *lengths, size_t symbols, bool may_be_single,
                        unsigned next[MOST_CODE_BITS + 1])
{
    unsigned counts[MOST_CODE_BITS + 1] = {0}, code = 0, longest = 0;
    for (size_t symbol = 0; symbol < symbols; symbol++)
        counts[lengths[symbol]]++;
    counts[0] = 0;
    int left = 1;
    for (unsigned bits = 1; bits <= MOST_CODE_BITS; bits++) {
        left = 2 * left - (int)counts[bits];
        if (left < 0)
            return false;
        code = (code + counts[bits - 1]) << 1;
        next[bits] = code;
        longest = counts[bits] ? bits : longest;
    }
    return left == 0 || (may_be_single && longest <= 1);
}

bool fill_codes(const uint8_t *lengths, const Code *meanings, size_t symbols, unsigned first_bits,
                bool may_be_single, Code *table, size_t room)
{
    unsigned next[MOST_CODE_BITS + 1], codes[MOST_SYMBOLS];
    uint8_t longest[1 << LENGTH_BITS] = {0}; /* by the code's start: bits beyond the first */
    size_t used = (size_t)1 << first_bits, mask = used - 1;
    if (symbols > MOST_SYMBOLS || used > sizeof longest || used > room ||
        !first_codes(lengths, symbols, may_be_single, next))
        return false;
    memset(table, 0, used * sizeof *table);
    for (size_t symbol = 0; symbol < symbols; symbol++) {
        unsigned bits = lengths[symbol];
        if (!bits)
            continue;
        codes[symbol] = reversed(next[bits]++, bits);
        if (bits > first_bits && longest[codes[symbol] & mask] < bits - first_bits)
            longest[codes[symbol] & mask] = (uint8_t)(bits - first_bits);
    }
    for (size_t start = 0; start <= mask; start++) {
        if (!longest[start])
            continue;
        size_t size = (size_t)1 << longest[start];
        if (size > room - used)
            return false;
        memset(table + used, 0, size * sizeof *table);
        table[start] = (Code){(uint16_t)used, longest[start], SECOND_TABLE};
        used += size;
    }
    for (size_t symbol = 0; symbol < symbols; symbol++) {
        unsigned bits = lengths[symbol];
        if (!bits || (!meanings[symbol].extra && !meanings[symbol].base))
            continue; /* no code, or one that must not occur */
        Code code = {meanings[symbol].base, (uint8_t)bits, meanings[symbol].extra};
        Code *at = table;
        size_t size = (size_t)1 << first_bits, first = codes[symbol];
        if (bits > first_bits) {
            const Code *second = &table[codes[symbol] & mask];
            at = table + second->base;
            size = (size_t)1 << second->bits;
            first = codes[symbol] >> first_bits;
            bits -= first_bits;
        }
        for (size_t i = first; i < size; i += (size_t)1 << bits)
            at[i] = code;
    }
    return true;
}

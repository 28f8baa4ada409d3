/* DEFLATE's canonical Huffman codes (RFC 1951, 3.2.2) as tables to look bits up in. */
#ifndef O365SEG_HUFFMAN_H
#define O365SEG_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a code means. An entry of 0 is no code. */
typedef struct {
    uint16_t base;  /* literal, symbol, least length or distance, or place of a second table */
    uint8_t bits;   /* of the code; of a second table: that index it */
    uint8_t extra;  /* bits that follow the code and are added to the base; or a kind below */
} Code;

enum { LITERAL = 32, END_OF_BLOCK, SECOND_TABLE }; /* values of `extra` beyond any number of bits */

enum { MOST_CODE_BITS = 15, MOST_SYMBOLS = 288 };

/* Room that tables take: the least safe numbers are 1,334 and 402 (zlib's `enough 286 10 15` and
 * `enough 30 8 15`). A table that would not fit is refused all the same. */
enum { LENGTH_BITS = 10, LENGTH_ROOM = 1536, DISTANCE_BITS = 8, DISTANCE_ROOM = 512 };

/* Fills a table that is indexed by the next `first_bits` bits of the input.
 *
 * `lengths` has the bits of each symbol's code, 0 for none; `meanings` what each stands for, where
 * `bits` is ignored. False for lengths that zlib refuses as well: codes that are too many, or too
 * few, unless it is one code of one bit (or none) and `may_be_single`. */
bool fill_codes(const uint8_t *lengths, const Code *meanings, size_t symbols, unsigned first_bits,
                bool may_be_single, Code *table, size_t room);

/* The code at the start of `bits`. */
static inline Code look_up(const Code *table, unsigned first_bits, uint64_t bits)
{
    Code code = table[bits & ((1u << first_bits) - 1)];
    if (code.extra == SECOND_TABLE)
        code = table[code.base + (bits >> first_bits & ((1u << code.bits) - 1))];
    return code;
}

#endif

/* Bytes read and copied eight or sixteen at a time. */
#ifndef O365SEG_BYTES_H
#define O365SEG_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Eight bytes, the first in the lowest bits: one load where the processor stores them so. */
static inline uint64_t eight_bytes(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

static inline uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Index of the first byte of eight that is not 0; `bytes` is not 0. */
static inline size_t first_set(uint64_t bytes)
{
    return (size_t)__builtin_ctzll(bytes) >> 3;
}

enum { READ_AHEAD = 16 };

#if defined(__SSE2__)
static inline __m128i sixteen_bytes(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* Bytes that are equal to those `distance` before are 255, the others 0. */
static inline __m128i equal_bytes(const uint8_t *at, size_t distance)
{
    return _mm_cmpeq_epi8(sixteen_bytes(at), sixteen_bytes(at - distance));
}
#endif

/* Index of the first byte from `at` on that differs from the one `distance` before; `end` or more
 * where none before `end` does. Reads less than READ_AHEAD bytes from `end` on. */
static inline size_t first_difference(const uint8_t *bytes, size_t distance, size_t at, size_t end)
{
#if defined(__SSE2__)
    for (; at + 32 <= end; at += 32)
        if (_mm_movemask_epi8(_mm_and_si128(equal_bytes(bytes + at, distance),
                                            equal_bytes(bytes + at + 16, distance))) != 0xFFFF)
            break;
    for (; at < end; at += 16) {
        unsigned differ = 0xFFFFu ^ (unsigned)_mm_movemask_epi8(equal_bytes(bytes + at, distance));
        if (differ)
            return at + (size_t)__builtin_ctz(differ);
    }
#else
    for (; at < end; at += 8) {
        uint64_t differ = eight_bytes(bytes + at) ^ eight_bytes(bytes + at - distance);
        if (differ)
            return at + first_set(differ);
    }
#endif
    return end;
}

static inline void put_eight_bytes(uint8_t *to, uint64_t bytes)
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(bytes >> 8 * i);
}

enum { COPIED_BEYOND = 16 };

/* Appends `length` bytes that repeat those `distance` before `to`. Writes up to COPIED_BEYOND bytes
 * more, of which some are read before. */
static inline void repeat_roughly(uint8_t *to, size_t distance, size_t length)
{
    /* By distance: how often it fits into eight bytes, as a factor; what is left of eight; and of
     * sixteen the bytes that are whole repetitions. */
    static const uint64_t FACTOR[8] = {0, UINT64_C(0x0101010101010101),
                                       UINT64_C(0x0001000100010001), UINT64_C(0x0001000001000001),
                                       UINT64_C(0x0000000100000001), UINT64_C(0x0000010000000001),
                                       UINT64_C(0x0001000000000001), UINT64_C(0x0100000000000001)};
    static const uint8_t LEFT[8] = {0, 0, 0, 2, 0, 3, 2, 1};
    static const uint8_t STEP[16] = {0, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15};
    uint8_t *end = to + length;
    if (distance >= 16) {
        for (; to < end; to += 16)
            memcpy(to, to - distance, 16);
        return;
    }
    /* Reading what was just written would wait for it, so sixteen bytes are kept. */
    uint64_t low = eight_bytes(to - distance), high;
    if (distance < 8) {
        low = (low & (((uint64_t)1 << 8 * distance) - 1)) * FACTOR[distance];
        size_t left = LEFT[distance];
        high = left ? low >> 8 * left | low << 8 * (distance - left) : low;
    } else {
        size_t more = 8 * (distance - 8);
        high = (eight_bytes(to - distance + 8) & (((uint64_t)1 << more) - 1)) | low << more;
    }
    for (size_t step = STEP[distance]; to < end; to += step) {
        put_eight_bytes(to, low);
        put_eight_bytes(to + 8, high);
    }
}

/* The same, and writes nothing more. */
static inline void repeat_exactly(uint8_t *to, size_t distance, size_t length)
{
    if (distance == 1) {
        memset(to, to[-1], length);
        return;
    }
    if (length >= 2 * COPIED_BEYOND) {
        size_t most = length - COPIED_BEYOND;
        repeat_roughly(to, distance, most - COPIED_BEYOND);
        to += most - COPIED_BEYOND;
        length = 2 * COPIED_BEYOND;
    }
    for (size_t i = 0; i < length; i++)
        to[i] = to[(ptrdiff_t)i - (ptrdiff_t)distance];
}

#endif

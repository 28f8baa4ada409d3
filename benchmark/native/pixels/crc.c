#include "crc.h"

void fill_crc_tables(CrcTables *tables)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        tables->of[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++)
        for (int place = 1; place < 4; place++) {
            uint32_t crc = tables->of[place - 1][byte];
            tables->of[place][byte] = crc >> 8 ^ tables->of[0][crc & 255];
        }
}

uint32_t crc_of(const CrcTables *tables, const uint8_t *bytes, size_t length)
{
    uint32_t crc = UINT32_MAX;
    for (; length >= 4; length -= 4, bytes += 4) {
        crc ^= (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
               (uint32_t)bytes[3] << 24;
        crc = tables->of[3][crc & 255] ^ tables->of[2][crc >> 8 & 255] ^
              tables->of[1][crc >> 16 & 255] ^ tables->of[0][crc >> 24];
    }
    for (; length > 0; length--)
        crc = crc >> 8 ^ tables->of[0][(crc ^ *bytes++) & 255];
    return ~crc;
}

/* The checksum of PNG's chunks (PNG specification, annex D). */
#ifndef O365SEG_CRC_H
#define O365SEG_CRC_H

#include <stddef.h>
#include <stdint.h>

/* What four bytes contribute, by their place. */
typedef struct {
    uint32_t of[4][256];
} CrcTables;

void fill_crc_tables(CrcTables *tables);

uint32_t crc_of(const CrcTables *tables, const uint8_t *bytes, size_t length);

#endif

/* Files read whole. */
#ifndef O365SEG_WHOLE_FILE_H
#define O365SEG_WHOLE_FILE_H

#include "core.h"

/* Memory that is used again from file to file. Empty when zeroed. */
typedef struct {
    uint8_t *bytes;
    size_t room;
} FileMemory;

/* Reads a file; `memory` owns the text until it is used again. UNUSUAL for what cannot be read, is
 * no regular file, or changes its length meanwhile. */
Status read_whole_file(const char *path, FileMemory *memory, Text *text);

void free_file_memory(FileMemory *memory);

#endif

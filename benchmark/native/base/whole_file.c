#define _POSIX_C_SOURCE 200809L
#include "whole_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

/* Reads up to `room` bytes; fewer only at the end of the file, or after an error. */
static size_t read_bytes(int file, uint8_t *to, size_t room)
{
    size_t done = 0;
    while (done < room) {
        ssize_t count = read(file, to + done, room - done);
        if (count <= 0)
            break;
        done += (size_t)count;
    }
    return done;
}

static Status read_open_file(int file, FileMemory *memory, Text *text)
{
    struct stat about;
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < 0)
        return UNUSUAL;
    size_t length = (size_t)about.st_size;
    if (!room_for((void **)&memory->bytes, &memory->room, length + 1, 1))
        return NO_MEMORY;
    *text = (Text){memory->bytes, length};
    return read_bytes(file, memory->bytes, length + 1) == length ? FINE : UNUSUAL;
}

Status read_whole_file(const char *path, FileMemory *memory, Text *text)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not block */
    if (file < 0)
        return UNUSUAL;
    Status status = read_open_file(file, memory, text);
    close(file);
    return status;
}

void free_file_memory(FileMemory *memory)
{
    free(memory->bytes);
    *memory = (FileMemory){0};
}

#include "mask_encoding.h"

#include <string.h>

#include "../base/memory.h"

enum { BLOCK = 16 };

/* Run lengths being written: each is stored as its difference from the one two before it. */
typedef struct {
    Output *text;
    size_t count;
    int64_t before, last; /* the two latest run lengths */
} Runs;

/* Makes room for so many more characters and returns where; NULL when out of memory. */
static char *room_for_text(Output *text, size_t more)
{
    void *grown = text->chars;
    if (!room_for(&grown, &text->capacity, text->length + more, 1))
        return NULL;
    text->chars = grown;
    return text->chars + text->length;
}

bool append(Output *text, const char *chars, size_t length)
{
    char *at = room_for_text(text, length);
    if (!at)
        return false;
    memcpy(at, chars, length);
    text->length += length;
    return true;
}

/* Appends a run length: five bits a character, least significant first; 0x20 means that more
 * follow. Backslashes are escaped. False when out of memory. */
static bool write_run(Runs *runs, int64_t length)
{
    enum { LONGEST = 32 }; /* characters, with escapes */
    char *at = room_for_text(runs->text, LONGEST);
    if (!at)
        return false;
    int64_t rest = runs->count > 2 ? length - runs->before : length;
    for (bool more = true; more;) {
        int bits = (int)(rest & 0x1f);
        rest = rest >= 0 ? rest >> 5 : ~(~rest >> 5); /* rounds down, also below 0 */
        more = bits & 0x10 ? rest != -1 : rest != 0;
        *at = (char)((more ? bits | 0x20 : bits) + '0');
        if (*at++ == '\\')
            *at++ = '\\';
    }
    runs->text->length = (size_t)(at - runs->text->chars);
    runs->before = runs->last;
    runs->last = length;
    runs->count++;
    return true;
}

static void transpose(const uint8_t *pixels, size_t height, size_t width, uint8_t *columns)
{
    for (size_t y = 0; y < height; y += BLOCK)
        for (size_t x = 0; x < width; x += BLOCK)
            for (size_t j = x; j < width && j < x + BLOCK; j++)
                for (size_t i = y; i < height && i < y + BLOCK; i++)
                    columns[j * height + i] = pixels[i * width + j];
}

bool encode_mask(Output *text, const uint8_t *pixels, size_t height, size_t width,
                 uint8_t *scratch)
{
    size_t top = 0, bottom = height; /* rows that have pixels */
    while (top < bottom && !memchr(pixels + top * width, 1, width))
        top++;
    while (bottom > top && !memchr(pixels + (bottom - 1) * width, 1, width))
        bottom--;
    size_t rows = bottom - top;
    transpose(pixels + top * width, rows, width, scratch);
    Runs runs = {.text = text};
    int64_t length = 0;
    uint8_t value = 0;
    for (size_t x = 0; rows && x < width; x++) {
        const uint8_t *column = scratch + x * rows;
        size_t beside[2] = {top, height - bottom}, place = 0;
        if (value && beside[0]) {
            if (!write_run(&runs, length))
                return false;
            length = value = 0;
        }
        length += (int64_t)beside[0];
        while (place < rows) {
            const uint8_t *change = memchr(column + place, !value, rows - place);
            size_t end = change ? (size_t)(change - column) : rows;
            length += (int64_t)(end - place);
            place = end;
            if (change) {
                if (!write_run(&runs, length))
                    return false;
                length = 0;
                value = !value;
            }
        }
        if (value && beside[1]) {
            if (!write_run(&runs, length))
                return false;
            length = value = 0;
        }
        length += (int64_t)beside[1];
    }
    if (!rows)
        length = (int64_t)(height * width);
    return write_run(&runs, length);
}

#include "mask_encoding.h"

#include <string.h>

#include "../base/memory.h"

enum { BLOCK = 16 };

bool append(Output *text, const char *chars, size_t length)
{
    void *grown = text->chars;
    if (!room_for(&grown, &text->capacity, text->length + length, 1))
        return false;
    text->chars = grown;
    memcpy(text->chars + text->length, chars, length);
    text->length += length;
    return true;
}

/* Five bits a character, least significant first; 0x20 means that more follow. */
bool write_run(Runs *runs, int64_t length)
{
    char chars[2 * 16];
    size_t written = 0;
    int64_t rest = runs->count > 2 ? length - runs->before : length;
    for (bool more = true; more;) {
        int bits = (int)(rest & 0x1f);
        rest = rest >= 0 ? rest >> 5 : ~(~rest >> 5); /* rounds down, also below 0 */
        more = bits & 0x10 ? rest != -1 : rest != 0;
        chars[written] = (char)((more ? bits | 0x20 : bits) + '0');
        if (chars[written++] == '\\' && runs->in_json)
            chars[written++] = '\\';
    }
    runs->before = runs->last;
    runs->last = length;
    runs->count++;
    return append(runs->text, chars, written);
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
    Runs runs = {.text = text, .in_json = true};
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

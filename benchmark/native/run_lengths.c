#include "run_lengths.h"

#include <math.h>
#include <string.h>

#include "json_scan.h"
#include "memory.h"

static bool list_room(RunList *list, size_t more)
{
    if (more > SIZE_MAX / 2 - list->used)
        return false;
    return room_for((void **)&list->ends, &list->capacity, list->used + more,
                    sizeof *list->ends);
}

/* The state of a decoding: the last three lengths, because from the fourth number on each is the
 * difference to the one two before it. */
typedef struct {
    uint32_t *out;
    size_t count;
    int64_t sum, pixels, area;
    bool hollow;
} Decoding;

static inline bool add_run(Decoding *decoding, int64_t length)
{
    if (length < 0 || length > decoding->pixels - decoding->sum)
        return false;
    decoding->sum += length;
    if (decoding->count & 1) {
        decoding->area += length;
        decoding->hollow |= length == 0;
    }
    decoding->out[decoding->count++] = (uint32_t)decoding->sum;
    return true;
}

/* Compressed text: numbers of 5 bits a character, least first; 0x20 says that one more follows,
 * and 0x10 in the last is the sign. In a JSON string the alphabet's backslash comes doubled. */
static bool decode_text(Decoding *decoding, const uint8_t *at, size_t length, bool json)
{
    const uint8_t *end = at + length;
    int64_t before[2] = {0, 0}; /* the last number of each parity */
    while (at < end) {
        int64_t value = 0;
        unsigned place = 0;
        unsigned digit;
        do {
            if (at == end || place == 35)
                return false;
            if (*at == '\\' && json && (++at == end || *at != '\\'))
                return false;
            digit = (unsigned)*at++ - 48u;
            if (digit > 63)
                return false;
            value |= (int64_t)(digit & 31) << place;
            place += 5;
        } while (digit & 32);
        if (digit & 16)
            value -= (int64_t)1 << place;
        size_t parity = decoding->count & 1;
        if (decoding->count > 2)
            value += before[parity];
        before[parity] = value;
        if (!add_run(decoding, value))
            return false;
    }
    return true;
}

static bool decode_counts(Decoding *decoding, const uint8_t *text, size_t length)
{
    Cursor cursor = {text, text + length};
    int64_t value;
    bool more = true;
    if (!expect(&cursor, '['))
        return false;
    if (peek(&cursor) == ']')
        return true;
    while (more)
        if (!scan_integer(&cursor, &value) || !add_run(decoding, value) ||
            !next_or_close(&cursor, ']', &more))
            return false;
    return true;
}

Status decode_mask(const MaskText *text, int32_t height, int32_t width, RunList *list, Mask *mask)
{
    /* No number takes less than a character, so this is room enough. */
    if (!list_room(list, (size_t)text->length + 1))
        return NO_MEMORY;
    Decoding decoding = {.out = list->ends + list->used, .pixels = (int64_t)height * width};
    bool sound;
    if (text->kind == MASK_EMPTY)
        sound = add_run(&decoding, decoding.pixels);
    else if (text->kind == MASK_COUNTS)
        sound = decode_counts(&decoding, text->text, text->length);
    else
        sound = decode_text(&decoding, text->text, text->length, text->kind == MASK_TEXT);
    if (!sound || decoding.sum != decoding.pixels)
        return UNUSUAL;
    mask->first = list->used;
    mask->runs = (uint32_t)decoding.count;
    mask->area = (uint32_t)decoding.area;
    mask->hollow = decoding.hollow;
    list->used += decoding.count;
    return FINE;
}

void tight_box(const RunList *list, Mask *mask, int32_t height)
{
    const uint32_t *ends = list->ends + mask->first;
    uint32_t h = (uint32_t)height, column = 0; /* `column`: where the current one starts */
    uint32_t left = UINT32_MAX, right = 0, top = h, bottom = 0;
    memset(mask->box, 0, sizeof mask->box);
    if (mask->area == 0)
        return;
    for (uint32_t j = 1; j < mask->runs; j += 2) {
        uint32_t start = ends[j - 1], last = ends[j] - 1;
        if (ends[j] == start)
            continue;
        if (start - column >= h) /* mostly the next column: spare the division */
            column = start - column < 2 * h ? column + h : start - start % h;
        if (left == UINT32_MAX)
            left = column;
        if (start - column < top)
            top = start - column;
        if (last - column >= h) { /* goes on in the next column: touches bottom and top */
            top = 0;
            bottom = h - 1;
            column = last - last % h;
        } else if (last - column > bottom) {
            bottom = last - column;
        }
        right = column;
    }
    mask->box[0] = (int32_t)(left / h);
    mask->box[1] = (int32_t)top;
    mask->box[2] = (int32_t)(right / h) + 1;
    mask->box[3] = (int32_t)bottom + 1;
}

/* pycocotools looks at both ends of every foreground run in unsigned 32-bit numbers, so that a run
 * of no pixel reaches one pixel back, and before the first pixel around to a very large number. */
void stock_box(const RunList *list, const Mask *mask, int32_t height, int32_t width,
               double box[4])
{
    const uint32_t *ends = list->ends + mask->first;
    uint32_t h = (uint32_t)height, left = (uint32_t)width, top = h, right = 0, bottom = 0;
    memset(box, 0, 4 * sizeof *box);
    if (mask->runs < 2)
        return;
    for (uint32_t j = 1; j < mask->runs; j += 2) {
        uint32_t start = ends[j - 1], last = ends[j] - 1u;
        uint32_t x0 = start / h, y0 = start % h, x1 = last / h, y1 = last % h;
        if (x0 < x1) {
            top = 0;
            bottom = h - 1;
        }
        left = x0 < left ? x0 : left;
        left = x1 < left ? x1 : left;
        right = x0 > right ? x0 : right;
        right = x1 > right ? x1 : right;
        top = y0 < top ? y0 : top;
        top = y1 < top ? y1 : top;
        bottom = y0 > bottom ? y0 : bottom;
        bottom = y1 > bottom ? y1 : bottom;
    }
    box[0] = left;
    box[1] = top;
    box[2] = (uint32_t)(right - left + 1u);
    box[3] = (uint32_t)(bottom - top + 1u);
}

/* The rasteriser works on a grid five times as fine, to whose points it rounds a corner; a pixel
 * is in where its middle line, the grid's third, lies between the edges. */
static int32_t first_pixel(double edge, int32_t limit)
{
    int64_t grid = (int64_t)(edge * 5 + 0.5);
    double pixel = ceil((double)(grid - 2) / 5);
    return pixel < 0 ? 0 : pixel > limit ? limit : (int32_t)pixel;
}

Status region_mask(const double box[4], int32_t height, int32_t width, RunList *list, Mask *mask)
{
    int32_t x0 = first_pixel(box[0], width), x1 = first_pixel(box[0] + box[2], width);
    int32_t y0 = first_pixel(box[1], height), y1 = first_pixel(box[1] + box[3], height);
    if (x1 <= x0 || y1 <= y0)
        x1 = x0 = y1 = y0 = 0;
    size_t columns = (size_t)(x1 - x0);
    if (!list_room(list, 2 * columns + 1))
        return NO_MEMORY;
    uint32_t *out = list->ends + list->used, runs = 0, h = (uint32_t)height;
    if (y0 == 0 && y1 == height && columns) {
        out[runs++] = (uint32_t)x0 * h;
        out[runs++] = (uint32_t)x1 * h;
    } else {
        for (int32_t x = x0; x < x1; x++) {
            out[runs++] = (uint32_t)x * h + (uint32_t)y0;
            out[runs++] = (uint32_t)x * h + (uint32_t)y1;
        }
    }
    if (runs == 0 || out[runs - 1] < (uint32_t)width * h)
        out[runs++] = (uint32_t)width * h;
    mask->first = list->used;
    mask->runs = runs;
    mask->area = (uint32_t)columns * (uint32_t)(y1 - y0);
    mask->hollow = false;
    list->used += runs;
    return FINE;
}

uint32_t shared_pixels(const uint32_t *first, uint32_t first_runs, const uint32_t *second,
                       uint32_t second_runs)
{
    uint32_t shared = 0, i = 1, j = 1;
    while (i < first_runs && j < second_runs) {
        uint32_t start = first[i - 1] > second[j - 1] ? first[i - 1] : second[j - 1];
        uint32_t end = first[i] < second[j] ? first[i] : second[j];
        if (end > start)
            shared += end - start;
        if (first[i] < second[j])
            i += 2;
        else
            j += 2;
    }
    return shared;
}

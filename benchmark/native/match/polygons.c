/* The rule is that of `rleFrPoly` in pycocotools' maskApi.c: corners are rounded on a grid five
 * times as fine; each edge is walked by its longer side; where it crosses the middle of a column of
 * pixels, that column changes between out and in, from the next middle of a row on. */
#include "polygons.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../read/json_scan.h"

enum { FINER = 5, MIDDLE = 2 };
enum { MOST_PIXELS = 3 << 24 }; /* as in o365seg/formats/masks.py */
enum { USUAL = 8 };             /* crossings of one column by one polygon */

/* A polygon being drawn. */
typedef struct {
    const int (*corners)[2]; /* `count` of them, and the first again */
    size_t count;
    uint32_t height, width;
    uint32_t first, columns; /* that it may cross */
    /* By column: how many crossings, and before which rows. Those of column c begin at starts[c],
     * or, if that is NULL, at USUAL * c, with room for USUAL: more are only counted. */
    uint32_t *counts, *rows;
    const uint32_t *starts;
} Drawing;

bool is_canvas(int32_t height, int32_t width)
{
    return height > 0 && width > 0 && width <= MOST_PIXELS / height;
}

/* Reads a list of numbers into `memory->corners`; returns how many corners, 0 for none or a fault. */
static size_t read_corners(Cursor *cursor, DrawingMemory *memory, Status *status)
{
    size_t count = 0;
    double corner[2];
    bool more = true;
    *status = UNUSUAL;
    if (!expect(cursor, '['))
        return 0;
    while (more) {
        if (!room_for((void **)&memory->corners, &memory->corner_room, count + 2,
                      sizeof *memory->corners)) {
            *status = NO_MEMORY;
            return 0;
        }
        for (int axis = 0; axis < 2; axis++) {
            if (!more || !scan_coordinate(cursor, &corner[axis]) ||
                !next_or_close(cursor, ']', &more))
                return 0;
            memory->corners[count][axis] = (int)(FINER * corner[axis] + .5);
        }
        count++;
    }
    memcpy(memory->corners[count], memory->corners[0], sizeof *memory->corners);
    return count;
}

/* Notes that the outline crosses the middle of a column below `y` on the fine grid. */
static inline void cross(const Drawing *drawing, uint32_t column, int y)
{
    uint32_t row = y <= MIDDLE ? 0 : (uint32_t)(y - MIDDLE + FINER - 1) / FINER;
    row = row < drawing->height ? row : drawing->height;
    uint32_t place = drawing->counts[column]++;
    if (drawing->starts)
        drawing->rows[drawing->starts[column] + place] = row;
    else if (place < USUAL)
        drawing->rows[column * USUAL + place] = row;
}

/* The first column whose middle is at `x` or right of it. */
static uint32_t column_from(int x)
{
    return x <= MIDDLE ? 0 : (uint32_t)(x - MIDDLE + FINER - 1) / FINER;
}

/* The first column from `x` on, or the end of the image. */
static uint32_t columns_before(const Drawing *drawing, int x)
{
    uint32_t end = column_from(x);
    return end < drawing->width ? end : drawing->width;
}

/* An edge that is at least as wide as high, from left to right. At step t it is at y = (int)(start +
 * slope * t + .5), and a crossing is at the smaller of that and the y of the next step. */
static void walk_along(const Drawing *drawing, const int from[2], const int to[2])
{
    uint32_t end = columns_before(drawing, to[0]);
    double slope = to[0] > from[0] ? (double)(to[1] - from[1]) / (to[0] - from[0]) : 0;
    uint32_t column = column_from(from[0]);
    int t = (int)column * FINER + MIDDLE - from[0] + (slope < 0);
    for (; column < end; column++, t += FINER)
        cross(drawing, column - drawing->first, (int)(from[1] + slope * t + .5));
}

/* An edge that is higher than wide, from top to bottom. At step t it is at x = (int)(start +
 * slope * t + .5), which rounding leaves monotone, so the step at which it passes a middle can be
 * found from an estimate instead of by walking. */
static void walk_down(const Drawing *drawing, const int from[2], const int to[2])
{
    int steps = to[1] - from[1];
    double slope = (double)(to[0] - from[0]) / steps, inverse = 1 / slope;
    int first = (int)(from[0] + .5), last = (int)(from[0] + slope * steps + .5);
    bool right = first < last;
    uint32_t column = column_from(right ? first : last);
    uint32_t end = columns_before(drawing, right ? last : first);
    for (int x = (int)column * FINER + MIDDLE; column < end; column++, x += FINER) {
        /* The step that brings it beyond x: to x + 1 from the left, or to x from the right. */
        double estimate = (x + .5 - from[0]) * inverse;
        int t = estimate < 1 ? 1 : estimate > steps ? steps : (int)estimate;
        while (t > 1 && ((int)(from[0] + slope * (t - 1) + .5) > x) == right)
            t--;
        while (((int)(from[0] + slope * t + .5) > x) != right)
            t++;
        cross(drawing, column - drawing->first, from[1] + t - 1);
    }
}

/* Notes all crossings. */
static void walk(const Drawing *drawing)
{
    memset(drawing->counts, 0, drawing->columns * sizeof *drawing->counts);
    for (size_t i = 0; i < drawing->count; i++) {
        const int *from = drawing->corners[i], *to = drawing->corners[i + 1];
        bool wide = abs(to[0] - from[0]) >= abs(to[1] - from[1]);
        bool ordered = wide ? from[0] <= to[0] : from[1] <= to[1];
        (wide ? walk_along : walk_down)(drawing, ordered ? from : to, ordered ? to : from);
    }
}

static int by_value(const void *one, const void *other)
{
    uint32_t first = *(const uint32_t *)one, second = *(const uint32_t *)other;
    return (first > second) - (first < second);
}

/* Sorts the rows of one column: mostly two of them. */
static inline void sort_rows(uint32_t *rows, uint32_t count)
{
    enum { FEW = 24 };
    if (count > FEW) {
        qsort(rows, count, sizeof *rows, by_value);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        uint32_t row = rows[i], place = i;
        for (; place > 0 && rows[place - 1] > row; place--)
            rows[place] = rows[place - 1];
        rows[place] = row;
    }
}

/* Finds which columns the polygon may cross, and the crossings; `*total` is how many. */
static bool find_crossings(Drawing *drawing, DrawingMemory *memory, size_t *total)
{
    int left = drawing->corners[0][0], right = left;
    for (size_t i = 1; i < drawing->count; i++) {
        int x = drawing->corners[i][0];
        left = x < left ? x : left;
        right = x > right ? x : right;
    }
    uint32_t end = columns_before(drawing, right);
    drawing->first = column_from(left);
    drawing->columns = drawing->first < end ? end - drawing->first : 0;
    size_t columns = drawing->columns;
    *total = 0;
    if (!columns)
        return true;
    if (!room_for((void **)&memory->counts, &memory->count_room, columns, sizeof *memory->counts) ||
        !room_for((void **)&memory->rows, &memory->row_room, USUAL * columns,
                  sizeof *memory->rows))
        return false;
    drawing->counts = memory->counts;
    drawing->rows = memory->rows;
    walk(drawing);
    uint32_t most = 0;
    for (size_t c = 0; c < columns; c++) {
        *total += drawing->counts[c];
        most = drawing->counts[c] > most ? drawing->counts[c] : most;
    }
    if (most <= USUAL)
        return true;
    if (!room_for((void **)&memory->starts, &memory->start_room, columns, sizeof *memory->starts) ||
        !room_for((void **)&memory->rows, &memory->row_room, *total, sizeof *memory->rows))
        return false;
    uint32_t start = 0;
    for (size_t c = 0; c < columns; c++) {
        memory->starts[c] = start;
        start += drawing->counts[c];
    }
    drawing->starts = memory->starts;
    drawing->rows = memory->rows;
    walk(drawing);
    return true;
}

/* Appends a stretch of pixels, down the columns, to those that `first` to `out` hold as pairs of
 * start and end; returns the end. */
static inline uint32_t *put_stretch(uint32_t *first, uint32_t *out, uint32_t start, uint32_t end)
{
    if (start == end)
        return out;
    if (out > first && out[-1] == start) {
        out[-1] = end;
        return out;
    }
    out[0] = start;
    out[1] = end;
    return out + 2;
}

/* Appends the inside of one polygon to `list`, as pairs of start and end. */
static bool draw_polygon(Drawing *drawing, DrawingMemory *memory, RunList *list)
{
    size_t total;
    drawing->starts = NULL;
    if (!find_crossings(drawing, memory, &total) || !room_for_runs(list, total + 2))
        return false;
    uint32_t *first = list->ends + list->used, *out = first;
    uint32_t before = drawing->first * drawing->height, start = 0;
    bool inside = false;
    for (uint32_t c = 0; c < drawing->columns; c++, before += drawing->height) {
        uint32_t *rows = drawing->rows + (drawing->starts ? drawing->starts[c] : c * USUAL);
        uint32_t count = drawing->counts[c];
        sort_rows(rows, count);
        for (uint32_t i = 0; i < count; i++) {
            if (inside)
                out = put_stretch(first, out, start, before + rows[i]);
            else
                start = before + rows[i];
            inside = !inside;
        }
    }
    if (inside)
        out = put_stretch(first, out, start, drawing->height * drawing->width);
    list->used += (size_t)(out - first);
    return true;
}

/* Replaces pairs of start and end from `first` to `end` by their union; returns its end. */
static uint32_t *unite(uint32_t *first, uint32_t *end)
{
    uint32_t *out = first;
    if (end > first)
        qsort(first, (size_t)(end - first) / 2, 2 * sizeof *first, by_value);
    for (uint32_t *pair = first; pair < end; pair += 2) {
        if (out > first && pair[0] <= out[-1]) {
            out[-1] = pair[1] > out[-1] ? pair[1] : out[-1];
        } else {
            out[0] = pair[0];
            out[1] = pair[1];
            out += 2;
        }
    }
    return out;
}

Status draw_polygons(const MaskText *text, int32_t height, int32_t width, DrawingMemory *memory,
                     RunList *list, Mask *mask)
{
    if (!is_canvas(height, width))
        return UNUSUAL;
    Drawing drawing = {.height = (uint32_t)height, .width = (uint32_t)width};
    Cursor cursor = {text->text, text->text + text->length};
    size_t polygons = 0, used = list->used;
    bool more = true;
    if (!expect(&cursor, '['))
        return UNUSUAL;
    for (; more; polygons++) {
        Status status;
        drawing.count = read_corners(&cursor, memory, &status);
        if (!drawing.count)
            return status;
        drawing.corners = memory->corners;
        if (!draw_polygon(&drawing, memory, list))
            return NO_MEMORY;
        if (!next_or_close(&cursor, ']', &more))
            return UNUSUAL;
    }
    if (!room_for_runs(list, 1))
        return NO_MEMORY;
    uint32_t *first = list->ends + used, *end = list->ends + list->used;
    uint32_t pixels = drawing.height * drawing.width, area = 0;
    if (polygons > 1)
        end = unite(first, end);
    for (uint32_t *pair = first; pair < end; pair += 2)
        area += pair[1] - pair[0];
    if (end == first || end[-1] != pixels)
        *end++ = pixels;
    *mask = (Mask){.first = used, .runs = (uint32_t)(end - first), .area = area};
    list->used = used + mask->runs;
    return FINE;
}

void free_drawing(DrawingMemory *memory)
{
    free(memory->corners);
    free(memory->counts);
    free(memory->starts);
    free(memory->rows);
    *memory = (DrawingMemory){0};
}

/* The rule is that of `rleFrPoly` in pycocotools' maskApi.c: corners are rounded on a grid five
 * times as fine; each edge is walked by its longer side; where it crosses the middle of a column of
 * pixels, that column changes between out and in, from the next middle of a row on. */
#include "polygons.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "json_scan.h"

enum { FINER = 5, MIDDLE = 2 };

/* As in o365seg/formats/masks.py. */
enum { MOST_PIXELS = 3 << 24 };
static const double FARTHEST_CORNER = 1 << 28, LONGEST_OUTLINE = 1 << 22;

typedef struct {
    DrawingMemory *memory;
    uint32_t height, width;
    size_t crossings, stretches;
} Drawing;

/* Reads a list of numbers into `memory->corners`; returns how many, 0 for none or a fault. */
static size_t read_corners(Cursor *cursor, DrawingMemory *memory, Status *status)
{
    size_t count = 0;
    bool more = true;
    if (!expect(cursor, '[') || peek(cursor) == ']')
        return 0;
    while (more) {
        if (!room_for_one((void **)&memory->corners, &memory->corner_room, count,
                          sizeof *memory->corners)) {
            *status = NO_MEMORY;
            return 0;
        }
        double *corner = &memory->corners[count++];
        if (!scan_coordinate(cursor, corner) || !next_or_close(cursor, ']', &more))
            return 0;
    }
    return count;
}

/* Whether Python would draw a polygon of `count` coordinates. */
static bool is_drawable(const double *corners, size_t count)
{
    if (count < 6 || count % 2)
        return false;
    double outline = 0;
    for (size_t i = 0; i < count; i += 2) {
        size_t next = i + 2 < count ? i + 2 : 0;
        if (!(fabs(corners[i]) <= FARTHEST_CORNER && fabs(corners[i + 1]) <= FARTHEST_CORNER))
            return false;
        outline += fmax(fabs(corners[i] - corners[next]), fabs(corners[i + 1] - corners[next + 1]));
    }
    return outline <= LONGEST_OUTLINE;
}

/* Notes that the outline crosses the middle `x` of a column, on the fine grid, below the row `y`. */
static bool cross(Drawing *drawing, int x, int y)
{
    DrawingMemory *memory = drawing->memory;
    if (!room_for_one((void **)&memory->crossings, &memory->crossing_room, drawing->crossings,
                      sizeof *memory->crossings))
        return false;
    uint32_t row = y <= MIDDLE ? 0 : (uint32_t)(y - MIDDLE + FINER - 1) / FINER;
    row = row < drawing->height ? row : drawing->height;
    memory->crossings[drawing->crossings++] =
        (Crossing){(uint32_t)(x - MIDDLE) / FINER, row};
    return true;
}

/* The first middle of a column from `x` on. */
static int middle_from(int x)
{
    return x <= MIDDLE ? MIDDLE : x + (FINER - (x - MIDDLE) % FINER) % FINER;
}

/* The last middle of a column before `x` that is in the image. */
static int last_before(const Drawing *drawing, int x)
{
    int64_t last = (int64_t)(drawing->width - 1) * FINER + MIDDLE;
    return x - 1 < last ? x - 1 : (int)last;
}

/* An edge that is at least as wide as high, from left to right. */
static bool walk_along(Drawing *drawing, const int from[2], const int to[2])
{
    int steps = to[0] - from[0], last = last_before(drawing, to[0]);
    double slope = steps ? (double)(to[1] - from[1]) / steps : 0;
    for (int x = middle_from(from[0]); x <= last; x += FINER) {
        int t = x - from[0];
        int here = (int)(from[1] + slope * t + .5), next = (int)(from[1] + slope * (t + 1) + .5);
        if (!cross(drawing, x, here < next ? here : next))
            return false;
    }
    return true;
}

/* An edge that is higher than wide, from top to bottom. At step t it is at x = (int)(start +
 * slope * t + .5), which rounding leaves monotone, so the step at which it passes a middle can be
 * found from an estimate instead of by walking. */
static bool walk_down(Drawing *drawing, const int from[2], const int to[2])
{
    int steps = to[1] - from[1];
    double slope = (double)(to[0] - from[0]) / steps;
    int first = (int)(from[0] + .5), end = (int)(from[0] + slope * steps + .5);
    bool right = first < end;
    int last = last_before(drawing, right ? end : first);
    for (int x = middle_from(right ? first : end); x <= last; x += FINER) {
        /* The step that brings it beyond x: to x + 1 from the left, or to x from the right. */
        double estimate = (x + .5 - from[0]) / slope;
        int t = estimate < 1 ? 1 : estimate > steps ? steps : (int)estimate;
        while (t > 1 && ((int)(from[0] + slope * (t - 1) + .5) > x) == right)
            t--;
        while (((int)(from[0] + slope * t + .5) > x) != right)
            t++;
        if (!cross(drawing, x, from[1] + t - 1))
            return false;
    }
    return true;
}

static int by_row(const void *one, const void *other)
{
    uint32_t first = *(const uint32_t *)one, second = *(const uint32_t *)other;
    return (first > second) - (first < second);
}

static int by_start(const void *one, const void *other)
{
    return by_row(&((const Stretch *)one)->start, &((const Stretch *)other)->start);
}

/* Sorts the rows of one column: mostly two of them. */
static void sort_rows(uint32_t *rows, size_t count)
{
    enum { FEW = 24 };
    if (count > FEW) {
        qsort(rows, count, sizeof *rows, by_row);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t row = rows[i];
        size_t place = i;
        for (; place > 0 && rows[place - 1] > row; place--)
            rows[place] = rows[place - 1];
        rows[place] = row;
    }
}

/* Puts the crossings in order, as positions down the columns: into `memory->places`. */
static bool sort_crossings(Drawing *drawing)
{
    DrawingMemory *memory = drawing->memory;
    const Crossing *crossings = memory->crossings;
    uint32_t first = UINT32_MAX, last = 0;
    for (size_t i = 0; i < drawing->crossings; i++) {
        first = crossings[i].column < first ? crossings[i].column : first;
        last = crossings[i].column > last ? crossings[i].column : last;
    }
    size_t columns = first <= last ? last - first + 1 : 0;
    if (!room_for((void **)&memory->places, &memory->place_room, drawing->crossings,
                  sizeof *memory->places) ||
        !room_for((void **)&memory->starts, &memory->start_room, columns + 1,
                  sizeof *memory->starts))
        return false;
    uint32_t *starts = memory->starts, *places = memory->places, start = 0;
    memset(starts, 0, (columns + 1) * sizeof *starts);
    for (size_t i = 0; i < drawing->crossings; i++)
        starts[crossings[i].column - first]++;
    for (size_t c = 0; c < columns; c++) {
        uint32_t count = starts[c];
        starts[c] = start;
        start += count;
    }
    for (size_t i = 0; i < drawing->crossings; i++)
        places[starts[crossings[i].column - first]++] = crossings[i].row;
    start = 0;
    for (size_t c = 0; c < columns; c++) { /* `starts` are ends by now */
        uint32_t before = (first + (uint32_t)c) * drawing->height;
        sort_rows(places + start, starts[c] - start);
        for (; start < starts[c]; start++)
            places[start] += before;
    }
    return true;
}

/* Appends the stretches of one polygon. */
static bool draw_polygon(Drawing *drawing, const double *corners, size_t count)
{
    DrawingMemory *memory = drawing->memory;
    drawing->crossings = 0;
    int from[2], to[2];
    for (size_t i = 0; i < count; i += 2) {
        size_t next = i + 2 < count ? i + 2 : 0;
        for (size_t axis = 0; axis < 2; axis++) {
            from[axis] = (int)(FINER * corners[i + axis] + .5);
            to[axis] = (int)(FINER * corners[next + axis] + .5);
        }
        bool wide = abs(to[0] - from[0]) >= abs(to[1] - from[1]);
        bool ordered = wide ? from[0] <= to[0] : from[1] <= to[1];
        const int *first = ordered ? from : to, *last = ordered ? to : from;
        if (!(wide ? walk_along : walk_down)(drawing, first, last))
            return false;
    }
    if (!sort_crossings(drawing))
        return false;
    uint32_t pixels = drawing->height * drawing->width;
    for (size_t i = 0; i < drawing->crossings; i += 2) {
        uint32_t start = memory->places[i];
        uint32_t end = i + 1 < drawing->crossings ? memory->places[i + 1] : pixels;
        if (start == end)
            continue;
        if (!room_for_one((void **)&memory->stretches, &memory->stretch_room, drawing->stretches,
                          sizeof *memory->stretches))
            return false;
        memory->stretches[drawing->stretches++] = (Stretch){start, end};
    }
    return true;
}

/* Writes the run lengths of the union of the stretches, which are sorted by their start. */
static bool write_union(const Stretch *stretches, size_t count, uint32_t pixels, Output *text)
{
    Runs runs = {.text = text};
    uint32_t written = 0;
    /* A difference of 32-bit lengths has at most 7 characters. */
    char *start = room_for_text(text, 7 * (2 * count + 1) + LONGEST_RUN), *at = start;
    if (!start)
        return false;
    for (size_t i = 0; i < count;) {
        uint32_t from = stretches[i].start, end = stretches[i].end;
        for (i++; i < count && stretches[i].start <= end; i++)
            end = stretches[i].end > end ? stretches[i].end : end;
        at = put_run(at, &runs, from - written);
        at = put_run(at, &runs, end - from);
        written = end;
    }
    if (written != pixels || !count)
        at = put_run(at, &runs, pixels - written);
    text->length += (size_t)(at - start);
    return true;
}

Status draw_polygons(const MaskText *mask, int32_t height, int32_t width, DrawingMemory *memory)
{
    if (height < 1 || width < 1 || width > MOST_PIXELS / height)
        return UNUSUAL;
    Drawing drawing = {memory, (uint32_t)height, (uint32_t)width, 0, 0};
    Cursor cursor = {mask->text, mask->text + mask->length};
    size_t polygons = 0;
    bool more = true;
    if (!expect(&cursor, '['))
        return UNUSUAL;
    for (; more; polygons++) {
        Status status = UNUSUAL;
        size_t count = read_corners(&cursor, memory, &status);
        if (!count || !is_drawable(memory->corners, count))
            return status;
        if (!draw_polygon(&drawing, memory->corners, count))
            return NO_MEMORY;
        if (!next_or_close(&cursor, ']', &more))
            return UNUSUAL;
    }
    if (polygons > 1 && drawing.stretches)
        qsort(memory->stretches, drawing.stretches, sizeof *memory->stretches, by_start);
    memory->text.length = 0;
    return write_union(memory->stretches, drawing.stretches, drawing.height * drawing.width,
                       &memory->text)
               ? FINE
               : NO_MEMORY;
}

void free_drawing(DrawingMemory *memory)
{
    free(memory->corners);
    free(memory->crossings);
    free(memory->starts);
    free(memory->places);
    free(memory->stretches);
    free(memory->text.chars);
    *memory = (DrawingMemory){0};
}

/* The rule is that of `rleFrPoly` in pycocotools' maskApi.c: corners are rounded on a grid five
 * times as fine; each edge is walked by its longer side; where it crosses the middle of a column of
 * pixels, that column changes between out and in, from the next middle of a row on. */
#include "polygons.h"

#include <math.h>
#include <stdlib.h>

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
        if (!scan_number(cursor, &memory->corners[count++]) ||
            !next_or_close(cursor, ']', &more))
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

/* Notes a crossing between two neighbours on the fine grid, of which `x` and `y` are the lesser. */
static bool cross(Drawing *drawing, int x, int y)
{
    if (x < MIDDLE || (x - MIDDLE) % FINER)
        return true;
    uint32_t column = (uint32_t)(x - MIDDLE) / FINER;
    uint32_t row = y <= MIDDLE ? 0 : (uint32_t)(y - MIDDLE + FINER - 1) / FINER;
    if (column >= drawing->width)
        return true;
    DrawingMemory *memory = drawing->memory;
    if (!room_for_one((void **)&memory->crossings, &memory->crossing_room, drawing->crossings,
                      sizeof *memory->crossings))
        return false;
    row = row < drawing->height ? row : drawing->height;
    memory->crossings[drawing->crossings++] = column * drawing->height + row;
    return true;
}

/* An edge that is at least as wide as high, from left to right. */
static bool walk_along(Drawing *drawing, const int from[2], const int to[2])
{
    int steps = to[0] - from[0];
    double slope = steps ? (double)(to[1] - from[1]) / steps : 0;
    for (int t = 0; t < steps; t++) {
        if (from[0] + t < MIDDLE || (from[0] + t - MIDDLE) % FINER)
            continue;
        int here = (int)(from[1] + slope * t + .5), next = (int)(from[1] + slope * (t + 1) + .5);
        if (!cross(drawing, from[0] + t, here < next ? here : next))
            return false;
    }
    return true;
}

/* An edge that is higher than wide, from top to bottom. */
static bool walk_down(Drawing *drawing, const int from[2], const int to[2])
{
    int steps = to[1] - from[1], here = (int)(from[0] + .5);
    double slope = (double)(to[0] - from[0]) / steps;
    for (int t = 0; t < steps; t++) {
        int next = (int)(from[0] + slope * (t + 1) + .5);
        if (next != here && !cross(drawing, here < next ? here : next, from[1] + t))
            return false;
        here = next;
    }
    return true;
}

static int ascending(const void *one, const void *other)
{
    uint32_t first = *(const uint32_t *)one, second = *(const uint32_t *)other;
    return (first > second) - (first < second);
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
    qsort(memory->crossings, drawing->crossings, sizeof *memory->crossings, ascending);
    uint32_t pixels = drawing->height * drawing->width;
    for (size_t i = 0; i < drawing->crossings; i += 2) {
        uint32_t start = memory->crossings[i];
        uint32_t end = i + 1 < drawing->crossings ? memory->crossings[i + 1] : pixels;
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
    for (size_t i = 0; i < count;) {
        uint32_t start = stretches[i].start, end = stretches[i].end;
        for (i++; i < count && stretches[i].start <= end; i++)
            end = stretches[i].end > end ? stretches[i].end : end;
        if (!write_run(&runs, start - written) || !write_run(&runs, end - start))
            return false;
        written = end;
    }
    return (written == pixels && count) || write_run(&runs, pixels - written);
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
    if (polygons > 1) /* `start` comes first in a stretch */
        qsort(memory->stretches, drawing.stretches, sizeof *memory->stretches, ascending);
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
    free(memory->stretches);
    free(memory->text.chars);
    *memory = (DrawingMemory){0};
}

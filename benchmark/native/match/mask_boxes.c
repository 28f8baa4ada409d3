#include "mask_boxes.h"

#include <math.h>
#include <string.h>

void tight_box(const RunList *list, Mask *mask, int32_t height)
{
    uint32_t h = (uint32_t)height, column = 0; /* `column`: start of the current column */
    uint32_t left = UINT32_MAX, right = 0, top = h, bottom = 0;
    memset(mask->box, 0, sizeof mask->box);
    if (mask->area == 0) /* then `list` may have no memory yet */
        return;
    const uint32_t *ends = list->ends + mask->first;
    for (uint32_t j = 1; j < mask->runs; j += 2) {
        uint32_t start = ends[j - 1], last = ends[j] - 1;
        if (ends[j] == start)
            continue;
        if (start - column >= h) /* usually the next column: avoid the division */
            column = start - column < 2 * h ? column + h : start - start % h;
        if (left == UINT32_MAX)
            left = column;
        if (start - column < top)
            top = start - column;
        if (last - column >= h) { /* continues in the next column: touches bottom and top */
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

void column_box(const RunList *list, Mask *mask, int32_t height)
{
    uint32_t h = (uint32_t)height;
    memset(mask->box, 0, sizeof mask->box);
    if (mask->area == 0)
        return;
    const uint32_t *ends = list->ends + mask->first;
    uint32_t end = ends[mask->runs - 1 - mask->runs % 2]; /* end of the last foreground run */
    mask->box[0] = (int32_t)(ends[0] / h);
    mask->box[2] = (int32_t)((end - 1) / h) + 1;
    mask->box[3] = height;
}

/* pycocotools skips empty foreground runs. If there are no others, its unsigned 32-bit bounds keep
 * their initial values: outside the image, with sizes wrapped around. */
void stock_box(const Mask *mask, int32_t height, int32_t width, double box[4])
{
    uint32_t nowhere[4] = {(uint32_t)width, (uint32_t)height, 1u - (uint32_t)width,
                           1u - (uint32_t)height};
    bool only_background = mask->runs < 2;
    for (int i = 0; i < 4; i++) {
        if (mask->area)
            box[i] = i < 2 ? mask->box[i] : mask->box[i] - mask->box[i - 2];
        else
            box[i] = only_background ? 0 : nowhere[i];
    }
}

/* The rasteriser rounds corners to a grid five times finer than the pixels. A pixel is inside if
 * its middle grid line, the third, lies between the edges. */
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
    if (!room_for_runs(list, 2 * columns + 1))
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

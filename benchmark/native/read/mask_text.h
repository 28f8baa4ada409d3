#ifndef O365SEG_MASK_TEXT_H
#define O365SEG_MASK_TEXT_H

#include "../base/core.h"
#include "json_scan.h"

/* The start of the previous mask, up to its run lengths, and the size it gave. Empty when
 * zeroed. */
typedef struct {
    Known text;
    int32_t height, width;
} MaskHead;

/* Reads a `segmentation`: null, a list of polygons, or run lengths with their size. An empty object
 * is MASK_NONE if `tolerant` (ground truth), otherwise it is rejected. */
bool scan_mask(Cursor *cursor, MaskText *mask, bool tolerant, MaskHead *head);

#endif

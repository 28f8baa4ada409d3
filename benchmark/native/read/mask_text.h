#ifndef O365SEG_MASK_TEXT_H
#define O365SEG_MASK_TEXT_H

#include "../base/core.h"
#include "json_scan.h"

/* How the last mask began: all up to its run lengths, and what that said. Nothing when zeroed. */
typedef struct {
    Known text;
    int32_t height, width;
} MaskHead;

/* A `segmentation`: null, a list of polygons, or run lengths with their size. An empty object is
 * MASK_NONE where `tolerant` (ground truth), else not accepted. */
bool scan_mask(Cursor *cursor, MaskText *mask, bool tolerant, MaskHead *head);

#endif

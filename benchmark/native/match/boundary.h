/* Boundary IoU by the rule of boundary-iou-api (Cheng et al., CVPR 2021), described in
 * docs/evaluation.md. */
#ifndef O365SEG_BOUNDARY_H
#define O365SEG_BOUNDARY_H

#include "run_lengths.h"

/* The boundary of a mask as columns of bits, in a window around the mask. A column takes `words`
 * words, the first one for the rows from 64 * `first_word` on. */
typedef struct {
    size_t bits; /* index of the first word in its BandList */
    int32_t left, columns, first_word, words;
    uint32_t area;
    bool drawn;
} Band;

/* Boundaries, one after the other in one growing list. */
typedef struct {
    uint64_t *words;
    size_t used, capacity;
    uint64_t *eroded; /* of the one being drawn */
    size_t eroded_capacity;
} BandList;

/* The width of a boundary in pixels, at least 1; `ratio` is of the image's diagonal. */
int32_t boundary_distance(int32_t height, int32_t width, double ratio);

/* Draws the boundary of a mask at the end of the list. Sets the mask's tight box. */
Status draw_band(const RunList *runs, Mask *mask, int32_t height, int32_t distance,
                 BandList *list, Band *band);

/* Intersection over union of two boundaries in one image; 0 where they share no pixel. */
double band_iou(const BandList *list, const Band *first, const BandList *other_list,
                const Band *second);

void free_bands(BandList *list);

#endif

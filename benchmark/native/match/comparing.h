/* Finds what a prediction overlaps, by masks, boundaries or boxes. */
#ifndef O365SEG_COMPARING_H
#define O365SEG_COMPARING_H

#include "matching.h"

/* A prediction that is being compared. */
typedef struct {
    Mask *mask;
    const double *box, *tight; /* x, y, width, height; `tight` is of the mask */
    Band band;
} Compared;

/* The number of annotations in the cell that a prediction can match, at most 2, judged by areas and
 * a bounding box. Two masks share at most the area of the smaller, so most pairs have an IoU below
 * one half. Hollow masks are an exception: pycocotools does not compare them to the end. Crowds and
 * skipped annotations count as 2, because they need a tight box. */
int likely_partners(const Evaluation *evaluation, const Cell *cell, const Scratch *scratch,
                    const Mask *mask);

/* Finds the annotations of the cell that overlap the prediction enough: highest IoU first, of equal
 * ones the last first. */
Status find_candidates(const Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                       Compared *prediction);

/* The same, and records the overlaps with all annotations of the image that errors can be about. */
Status find_overlaps(const Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                     Compared *prediction);

#endif

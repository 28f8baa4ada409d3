#ifndef O365SEG_MATCHING_H
#define O365SEG_MATCHING_H

#include "../base/core.h"
#include "boundary.h"
#include "polygons.h"
#include "run_lengths.h"

/* An annotation that a prediction overlaps with at least the lowest threshold. */
typedef struct {
    uint32_t gt; /* index of the annotation in the cell */
    double iou;
    Bits reached; /* thresholds that the IoU reaches, in every range */
} Candidate;

/* An annotation of the image, of any category, that a prediction overlaps. */
typedef struct {
    uint32_t gt; /* index of the annotation in the image */
    double iou;
} Overlap;

/* A prediction of an image that is judged. */
typedef struct {
    double score;
    size_t overlaps;         /* its first one */
    uint32_t position, item; /* of its outcome; in the results */
    int32_t category, taken; /* rank; index in the image of the annotation it matches, or -1 */
} Seen;

/* What the errors of an annotation's image say about it. */
typedef struct {
    int32_t pointer; /* the best prediction whose error is about it: index among those seen, or -1 */
    bool found, confused;
} Claim;

/* The image whose errors are judged. */
typedef struct {
    Overlap *overlaps; /* of the first prediction, then of the second, … */
    size_t overlaps_capacity, overlap_count;
    Seen *seen; /* by category, then score */
    size_t seen_capacity, seen_count;
    size_t cell_start; /* the first one of the current cell */
    uint32_t gt_first, gt_count; /* its annotations in `gt_order` */
    Claim *claims; /* by annotation */
    size_t claims_capacity;
    Ranked *left; /* predictions that find no object of their category */
    size_t left_capacity;
} Scene;

/* Memory that a thread reuses for all its cells. */
typedef struct {
    RunList runs, gt_runs;
    DrawingMemory drawing;
    Mask *gt_masks;    /* of the annotations of the cell, or of the whole image */
    size_t gt_start;   /* the cell's first one */
    size_t masks_capacity;
    Scene scene;
    BandList bands, gt_bands; /* boundaries of the current prediction and of annotations */
    Band *gt_band;            /* by annotation */
    size_t gt_band_capacity;
    Candidate *candidates;
    size_t candidates_capacity, candidate_count;
    size_t *candidate_start;  /* by rank of the prediction, and one for the end */
    double (*tight)[4];       /* tight boxes of predictions: x, y, width, height */
    size_t starts_capacity, tight_capacity;
    Candidate *absorbing; /* the skipped boxes that one prediction overlaps */
    size_t absorbing_capacity, absorbing_count;
    Bits *taken; /* by annotation or skipped box */
    size_t taken_capacity;
    double (*skipped)[4];
    size_t skipped_capacity, skipped_count;
    Ranked *ranked, *spare;
    size_t ranked_capacity, spare_capacity;
    uint64_t absorbed[MOST_RULES][THRESHOLDS];
    uint64_t moved, no_pixels, gt_no_pixels; /* summed into the evaluation's */
} Scratch;

/* The thresholds that an IoU reaches, in every range. */
Bits thresholds_reached(const Settings *settings, double iou);

/* COCO's matching of one cell at all thresholds and area ranges, from the candidates in `scratch`.
 * Skipped annotations count as crowds if `with_skipped`, otherwise they are left out. `outside`
 * (one byte for each prediction) and `outcomes` start at the cell's first prediction. */
Status match_cell(Evaluation *evaluation, const Cell *cell, Scratch *scratch, bool with_skipped,
                  const uint8_t *outside, Outcome *outcomes);

#endif

#ifndef O365SEG_MATCHING_H
#define O365SEG_MATCHING_H

#include "../base/core.h"
#include "run_lengths.h"

/* A truth that a prediction overlaps enough for at least the lowest threshold. */
typedef struct {
    uint32_t truth; /* its place in the cell */
    double iou;
    Bits reached; /* the thresholds that it reaches, in every range */
} Candidate;

/* What a thread keeps between cells, so that nothing is allocated anew. */
typedef struct {
    RunList runs, truth_runs;
    Mask *truth_masks;
    size_t masks_capacity;
    Candidate *candidates;
    size_t candidates_capacity, candidate_count;
    size_t candidate_start[MOST_DETECTIONS + 1];
    double tight[MOST_DETECTIONS][4]; /* tight boxes: x, y, width, height */
    Bits *taken; /* per truth, or per skipped box */
    size_t taken_capacity;
    double (*skipped)[4];
    size_t skipped_capacity, skipped_count;
    Ranked *ranked, *spare;
    size_t ranked_capacity, spare_capacity;
    uint64_t absorbed[RULES][THRESHOLDS];
    uint64_t moved;
    size_t read; /* bytes of masks since pages were dropped */
} Scratch;

/* The thresholds that an IoU reaches, in every range. */
Bits thresholds_reached(double iou);

/* COCO's matching of one cell at all thresholds and area ranges, from the candidates in `scratch`.
 * Skipped truths take part as crowds where `with_skipped`, else not at all. `outside` (a byte a
 * prediction) and `outcomes` start at the cell's first prediction. */
Status match_cell(Evaluation *evaluation, const Cell *cell, Scratch *scratch, bool with_skipped,
                  const uint8_t *outside, Outcome *outcomes);

#endif

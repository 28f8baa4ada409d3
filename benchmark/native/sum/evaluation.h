#ifndef O365SEG_EVALUATION_H
#define O365SEG_EVALUATION_H

#include "../base/core.h"

/* Iterates over masks that Python must rasterise (polygons): moves (`of_gt`, `index`) to the first
 * one at or after it; false if there is none. Start with (true, 0). */
bool next_polygons(const Evaluation *evaluation, bool *of_gt, size_t *index, MaskText *mask);

/* Replaces the polygons of an annotation or prediction by run lengths, which are copied. */
Status give_mask(Evaluation *evaluation, bool of_gt, size_t index, const uint8_t *counts,
                 size_t length);

/* Groups, matches and ranks everything that was read. */
Status finish_matching(Evaluation *evaluation);

void free_evaluation(Evaluation *evaluation);

#endif

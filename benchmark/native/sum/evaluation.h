#ifndef O365SEG_EVALUATION_H
#define O365SEG_EVALUATION_H

#include "../base/core.h"

/* Masks that Python must rasterise (polygons), one after the other: true while there is one at or
 * after (`of_truth`, `index`), which move on to it. Start with (true, 0). */
bool next_polygons(const Evaluation *evaluation, bool *of_truth, size_t *index, MaskText *mask);

/* Replaces the polygons of a truth or prediction by run lengths, which are copied. */
Status give_mask(Evaluation *evaluation, bool of_truth, size_t index, const uint8_t *counts,
                 size_t length);

/* Everything between reading and the numbers. */
Status finish_matching(Evaluation *evaluation);

void free_evaluation(Evaluation *evaluation);

#endif

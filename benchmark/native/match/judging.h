/* Errors by kind: TIDE's judgement of the predictions of an image, once they are matched.
 * benchmark/analysis/error_kinds.py describes the kinds. */
#ifndef O365SEG_JUDGING_H
#define O365SEG_JUDGING_H

#include "matching.h"

/* The least overlap of a localisation error; below it, boundaries are not compared. */
#define LEAST_OVERLAP 0.1

/* How errors can be about an annotation: never (crowds), as an object to find, or as a skipped
 * instance, by the IoU of boxes. */
typedef enum { NOT_JUDGED, AS_OBJECT, BY_BOX } Judged;
Judged judged_as(const Evaluation *evaluation, const Annotation *gt);

/* Adds the prediction at `rank` of the cell to those seen; false when out of memory. */
bool see_prediction(const Evaluation *evaluation, const Cell *cell, uint32_t rank, Scene *scene);

/* Adds an overlap of the prediction seen last; false when out of memory. */
bool add_overlap(Scene *scene, uint32_t gt, double iou);

/* Judges the predictions of an image, all matched, and what became of its annotations. */
Status judge_scene(Evaluation *evaluation, Scene *scene);

void free_scene(Scene *scene);

#endif

#ifndef O365SEG_JUDGEMENTS_OUT_H
#define O365SEG_JUDGEMENTS_OUT_H

#include "../base/core.h"

/* The arrays of benchmark.analysis.error_kinds.Judged, for n predictions that count, by image, then
 * category, then score; all but `fate` are of eight bytes an item. */
typedef struct {
    int64_t *image;      /* [n], rank of the image's id */
    int64_t *prediction; /* [n], index in the results file */
    int64_t *category;   /* [n], id */
    double *score;       /* [n] */
    int64_t *kind;       /* [n], ErrorKind */
    int64_t *fixed;      /* [n], id of the category in which it is right once fixed, or -1 */
    int64_t *about;      /* [n], index of the object found, or the error's target, or -1 */
    double *iou;         /* [n], of an error: with its target, or else the highest */
    uint8_t *fate;       /* [annotations], Fate */
} Judgements;

/* The number of predictions that count: within the limit and not ignored. */
size_t count_judged(const Evaluation *evaluation);

void fill_judgements(const Evaluation *evaluation, const Judgements *out);

/* Adds up the confusion matrix, int64 [categories + 1, categories + 1], true by predicted; the last
 * row is of predictions that match nothing, the last column of objects that nothing matches. */
Status count_confusions(const Evaluation *evaluation, int64_t *counts);

#endif

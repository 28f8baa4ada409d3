#ifndef O365SEG_IMAGE_RECORDS_H
#define O365SEG_IMAGE_RECORDS_H

#include "../base/core.h"

enum { CELL_NUMBERS = 6 };

/* What pycocotools' evalImgs are made of, cells by category, then image. The evaluation must have
 * recorded its choices. */
typedef struct {
    int64_t *cells;      /* [cells, CELL_NUMBERS]: image and category rank, first prediction, number
                            of predictions, first annotation, number of annotations */
    int64_t *prediction; /* [predictions], index in the results file */
    double *score;       /* [predictions] */
    uint64_t *ignored;   /* [predictions], Bits */
    int32_t *chosen;     /* [predictions, CURVES], index of an annotation below, or -1 */
    int64_t *annotation; /* [annotations], id */
    double *area;        /* [annotations] */
    uint8_t *kind;       /* [annotations], 0: object, 1: crowd, 2: left out by the rule */
} ImageRecords;

/* The number of predictions and of annotations in all cells. */
void count_records(const Evaluation *evaluation, size_t *predictions, size_t *annotations);

void fill_image_records(const Evaluation *evaluation, const ImageRecords *out);

#endif

/* One record of COCO's results format. */
#ifndef O365SEG_RESULTS_RECORD_H
#define O365SEG_RESULTS_RECORD_H

#include "../base/core.h"
#include "json_scan.h"
#include "mask_text.h"

typedef struct {
    MaskText mask;
    double score;
    int64_t image_id, category_id;
    double box[4];
    unsigned seen;
    double area;
    bool boxed, given_area;
} Record;

/* The layout of the previous record: the text before each value, and the field of the value. Empty
 * when zeroed. */
typedef struct {
    struct {
        Known before;
        unsigned field;
    } values[8];
    MaskHead mask;
    bool areas; /* every record gives its area */
} Layout;

/* Reads a record; false if it is not plain. */
bool scan_record(Cursor *cursor, Record *record, Layout *layout);

#endif

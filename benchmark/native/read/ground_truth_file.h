#ifndef O365SEG_GROUND_TRUTH_FILE_H
#define O365SEG_GROUND_TRUTH_FILE_H

#include "../base/core.h"

/* Reads a COCO-format annotation file into `evaluation`, whose `masks` is already set. */
Status read_ground_truth(Evaluation *evaluation, const uint8_t *text, size_t length);

#endif

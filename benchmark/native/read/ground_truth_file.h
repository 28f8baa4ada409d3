#ifndef O365SEG_GROUND_TRUTH_FILE_H
#define O365SEG_GROUND_TRUTH_FILE_H

#include "../base/core.h"

/* Reads a COCO-format annotation file into `evaluation`, whose `masks` says what is compared. */
Status read_truth(Evaluation *evaluation, const uint8_t *text, size_t length);

#endif

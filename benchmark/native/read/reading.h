#ifndef O365SEG_READING_H
#define O365SEG_READING_H

#include "../base/core.h"

/* Reads the ground truth and `evaluation->results`. The evaluation's `masks` and `threads` are
 * already set; its flags about predictions are set here. */
Status read_files(Evaluation *evaluation, const uint8_t *ground_truth, size_t length);

#endif

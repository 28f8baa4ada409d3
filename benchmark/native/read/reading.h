#ifndef O365SEG_READING_H
#define O365SEG_READING_H

#include "../base/core.h"

/* Reads the ground truth's text and the evaluation's `results`; `masks` says what is compared. The
 * other flags about predictions are set here. */
Status read_files(Evaluation *evaluation, const uint8_t *truth, size_t length);

#endif

#ifndef O365SEG_RESULTS_FILE_H
#define O365SEG_RESULTS_FILE_H

#include "core.h"

/* Reads a results file into `evaluation`, whose images and categories are known. `masks` of the
 * evaluation says what is compared; the other flags about predictions are set here. */
Status read_results(Evaluation *evaluation, const uint8_t *text, size_t length);

#endif

#ifndef O365SEG_RESULTS_FILE_H
#define O365SEG_RESULTS_FILE_H

#include "core.h"

/* Reads the evaluation's `results`; images and categories are known, and `masks` says what is
 * compared. The other flags about predictions are set here. */
Status read_results(Evaluation *evaluation);

#endif

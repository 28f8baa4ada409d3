#ifndef O365SEG_ERROR_GAINS_H
#define O365SEG_ERROR_GAINS_H

#include "../base/core.h"

/* Ways of counting: as found (RIGHT), with one kind of error fixed (CLASSIFICATION to MISSED),
 * without false positives, and with no object left to find. */
enum { NO_FALSE_POSITIVES = KINDS, NO_FALSE_NEGATIVES, COUNTINGS };

/* The number of errors of each kind. `counts[RIGHT]` is that of true positives. */
void count_errors(const Evaluation *evaluation, uint64_t counts[KINDS]);

/* AP at the judged threshold under each way of counting; -1 if there are no objects. */
Status error_precisions(const Evaluation *evaluation, double precisions[COUNTINGS]);

#endif

#ifndef O365SEG_SUMMARY_H
#define O365SEG_SUMMARY_H

#include "core.h"

/* The 12 numbers of COCOeval.summarize under a rule; -1 for none. */
Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS]);

/* The first of them alone. */
Status average_precision(const Evaluation *evaluation, Rule rule, double *precision);

/* pycocotools' arrays, C-contiguous: precision and scores [thresholds, recalls, categories,
 * ranges, limits], recall [thresholds, categories, ranges, limits]. */
Status fill_curves(const Evaluation *evaluation, Rule rule, double *precision, double *recall,
                   double *scores);

#endif

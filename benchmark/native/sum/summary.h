#ifndef O365SEG_SUMMARY_H
#define O365SEG_SUMMARY_H

#include "../base/core.h"

/* The 12 numbers of COCOeval.summarize under a rule, and AP under each rule; -1 if undefined. */
Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS],
                 double by_rule[MOST_RULES]);

/* Fills pycocotools' arrays, C-contiguous and zeroed by the caller: precision and scores
 * [thresholds, recalls, categories, ranges, limits], recall [thresholds, categories, ranges,
 * limits]. */
Status fill_curves(const Evaluation *evaluation, Rule rule, double *precision, double *recall,
                   double *scores);

#endif

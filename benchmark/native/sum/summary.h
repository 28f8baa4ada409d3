#ifndef O365SEG_SUMMARY_H
#define O365SEG_SUMMARY_H

#include "../base/core.h"

/* The 12 numbers of COCOeval.summarize under a rule, and AP under each rule; -1 if undefined. */
Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS],
                 double by_rule[MOST_RULES]);

/* AP, AP at the first and the sixth threshold, and AR (numpy's mean of recall by category, then
 * threshold) of each area range, at the last limit. */
enum { RANGE_MEANS = 4 };
Status summarize_ranges(const Evaluation *evaluation, Rule rule, double means[RANGES][RANGE_MEANS]);

/* Fills pycocotools' arrays, C-contiguous and zeroed by the caller: precision and scores
 * [thresholds, recalls, categories, ranges, limits], recall [thresholds, categories, ranges,
 * limits]. `scores` may be NULL. */
Status fill_curves(const Evaluation *evaluation, Rule rule, double *precision, double *recall,
                   double *scores);

#endif

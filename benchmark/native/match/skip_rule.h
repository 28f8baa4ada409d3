#ifndef O365SEG_SKIP_RULE_H
#define O365SEG_SKIP_RULE_H

#include "matching.h"

/* The names of the rules, as in benchmark.reading.choices.SkipRule. */
extern const char *const RULE_NAMES[RULES];

/* The rule called `name`; false where there is none. */
bool find_rule(const char *name, Rule *rule);

/* Gathers the skipped boxes of a cell in `scratch`, in benchmark.average_precision.skip_rule.sort_boxes' order. */
Status gather_skipped(const Evaluation *evaluation, const Cell *cell, Scratch *scratch);

/* benchmark.average_precision.skip_rule.absorb: `outcomes` (changed) of a cell's predictions, which are unmatched and
 * not ignored, turn to ignored where a skipped box absorbs them; at every threshold from an IoU of
 * one half where `at_half`. */
Status absorb(const Cell *cell, Scratch *scratch, bool at_half, Outcome *outcomes);

#endif

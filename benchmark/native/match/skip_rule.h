#ifndef O365SEG_SKIP_RULE_H
#define O365SEG_SKIP_RULE_H

#include "matching.h"

/* The names of the rules, as in benchmark.reading.choices.SkipRule. */
extern const char *const RULE_NAMES[RULES];

/* The rule called `name`; false where there is none. */
bool find_rule(const char *name, Rule *rule);

/* Copies the skipped boxes of a cell to `scratch`, in the order of
 * benchmark.average_precision.skip_rule.sort_boxes. */
Status gather_skipped(const Evaluation *evaluation, const Cell *cell, Scratch *scratch);

/* benchmark.average_precision.skip_rule.absorb: marks as ignored the predictions of a cell that are
 * neither matched nor ignored and that a skipped box absorbs. With `at_half`, an IoU of 0.5 is
 * enough at every threshold. */
Status absorb(const Cell *cell, Scratch *scratch, bool at_half, Outcome *outcomes);

#endif

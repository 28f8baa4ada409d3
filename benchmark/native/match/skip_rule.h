#ifndef O365SEG_SKIP_RULE_H
#define O365SEG_SKIP_RULE_H

#include "matching.h"

typedef struct {
    const char *name; /* as in benchmark.reading.choices.SkipRule */
    /* Changes the outcomes of a cell that has skipped boxes from those under RULE_NONE. */
    Status (*apply)(Evaluation *evaluation, const Cell *cell, Scratch *scratch, Outcome *outcomes);
} SkipRule;

/* The rules by number; RULE_NONE is the first. */
extern const SkipRule SKIP_RULES[];
extern const int RULES;

/* The rule called `name`; false where there is none. */
bool find_rule(const char *name, Rule *rule);

/* Whether a rule matches skipped annotations as crowds. */
bool counts_as_crowds(Rule rule);

/* Computes the outcomes of a cell under each rule from those under RULE_NONE. */
Status apply_skip_rules(Evaluation *evaluation, const Cell *cell, Scratch *scratch);

#endif

#ifndef O365SEG_MATCH_ALL_H
#define O365SEG_MATCH_ALL_H

#include "../base/core.h"

/* Decodes, compares and matches every cell, under every rule for skipped instances.
 *
 * UNUSUAL where a mask is unsound. Fills the outcomes, `outside`, `absorbed`, `positives`. */
Status match_all(Evaluation *evaluation);

#endif

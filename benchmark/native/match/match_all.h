#ifndef O365SEG_MATCH_ALL_H
#define O365SEG_MATCH_ALL_H

#include "../base/core.h"

/* Decodes, compares and matches every cell under every skip rule.
 *
 * UNUSUAL if a mask is invalid. Sets `outcomes`, `outside`, `absorbed` and `positives`. */
Status match_all(Evaluation *evaluation);

#endif

#ifndef O365SEG_RANKING_H
#define O365SEG_RANKING_H

#include "../base/core.h"

/* Best score first; of equals the earlier one, as numpy's stable argsort of the negated scores.
 * `spare` has room for `count` as well. */
void rank_by_score(Ranked *items, Ranked *spare, size_t count);

#endif

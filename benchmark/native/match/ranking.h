#ifndef O365SEG_RANKING_H
#define O365SEG_RANKING_H

#include "../base/core.h"

/* Sorts by descending score; equal scores keep their order, as in numpy's stable argsort of the
 * negated scores. `spare` has room for `count` items. */
void rank_by_score(Ranked *items, Ranked *spare, size_t count);

#endif

#ifndef O365SEG_IDS_H
#define O365SEG_IDS_H

#include "../base/core.h"

/* Sorts `ids` (taken over) and builds the table; UNUSUAL where an id occurs twice. */
Status ids_build(Ids *index, int64_t *ids, size_t count);

/* The rank of an id, -1 where it is unknown. */
int32_t ids_find(const Ids *index, int64_t id);

/* UNUSUAL where an id occurs twice; `ids` is reordered. */
Status ids_unique(int64_t *ids, size_t count);

void ids_free(Ids *index);

#endif

#ifndef O365SEG_IDS_H
#define O365SEG_IDS_H

#include "../base/core.h"

/* Sorts `ids` (takes ownership) and builds the table; UNUSUAL if an id is duplicated. */
Status ids_build(Ids *index, int64_t *ids, size_t count);

/* The rank of an id; -1 if unknown. */
int32_t ids_find(const Ids *index, int64_t id);

/* UNUSUAL if an id is duplicated; `ids` is reordered. */
Status ids_unique(int64_t *ids, size_t count);

void ids_free(Ids *index);

#endif

#ifndef O365SEG_WORKERS_H
#define O365SEG_WORKERS_H

#include "core.h"

/* Processes items `first` to `last` (exclusive); `worker` is the index of the thread, from 0. */
typedef Status (*Work)(void *context, int worker, size_t first, size_t last);

/* Processes `items` items in chunks on up to `threads` threads, including the caller's. The
 * assignment of items to threads is not fixed, so the result for an item must depend on the item
 * only.
 *
 * Returns the first status that is not FINE; the remaining items are then not processed. */
Status run_workers(int threads, size_t items, size_t chunk, Work work, void *context);

#endif

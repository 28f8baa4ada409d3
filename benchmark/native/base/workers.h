#ifndef O365SEG_WORKERS_H
#define O365SEG_WORKERS_H

#include "core.h"

/* Work on items `first` to `last` (not included); `worker` counts from 0. */
typedef Status (*Work)(void *context, int worker, size_t first, size_t last);

/* Does `items` items in chunks on up to `threads` threads, the caller's among them. Which thread
 * does what is not fixed, so an item's outcome must depend on nothing but the item.
 *
 * Returns the first status that is not FINE; the items left are then not done. */
Status run_workers(int threads, size_t items, size_t chunk, Work work, void *context);

#endif

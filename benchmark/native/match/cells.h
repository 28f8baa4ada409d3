#ifndef O365SEG_CELLS_H
#define O365SEG_CELLS_H

#include "../base/core.h"

/* Groups predictions and annotations into cells, one for each image and category that has any. */
Status build_cells(Evaluation *evaluation);

#endif

#ifndef O365SEG_CELLS_H
#define O365SEG_CELLS_H

#include "../base/core.h"

/* Sorts predictions and truths into cells: one an image and category that has any. */
Status build_cells(Evaluation *evaluation);

#endif

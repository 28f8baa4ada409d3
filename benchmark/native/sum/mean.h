#ifndef O365SEG_MEAN_H
#define O365SEG_MEAN_H

#include <stddef.h>

/* numpy.mean of contiguous float64, to the last bit; -1 of none, as COCOeval.summarize says. */
double numpy_mean(const double *values, size_t count);

#endif

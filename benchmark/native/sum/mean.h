#ifndef O365SEG_MEAN_H
#define O365SEG_MEAN_H

#include <stddef.h>

/* numpy.mean of contiguous float64, bit for bit; -1 for an empty array, as in
 * COCOeval.summarize. */
double numpy_mean(const double *values, size_t count);

#endif

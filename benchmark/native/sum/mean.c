/* numpy adds pairwise: up to 128 numbers in eight interleaved sums, more in halves whose lengths
 * are multiples of eight. Any other order would change the last bits of the mean. */
#include "mean.h"

static double pairwise_sum(const double *values, size_t count)
{
    if (count < 8) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += values[i];
        return sum;
    }
    if (count > 128) {
        size_t half = count / 2;
        half -= half % 8;
        return pairwise_sum(values, half) + pairwise_sum(values + half, count - half);
    }
    double lanes[8];
    size_t i = 0;
    for (; i < 8; i++)
        lanes[i] = values[i];
    for (; i + 8 <= count; i += 8)
        for (size_t lane = 0; lane < 8; lane++)
            lanes[lane] += values[i + lane];
    double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
                 ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    for (; i < count; i++)
        sum += values[i];
    return sum;
}

double numpy_mean(const double *values, size_t count)
{
    return count ? pairwise_sum(values, count) / (double)count : -1;
}

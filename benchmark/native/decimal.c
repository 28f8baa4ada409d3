/* Decimal text to the nearest double, without the C library: `strtod` follows the locale.
 *
 * A number is m * 10^e with m < 10^19. For e in -27 .. 19 both m * 10^e and the quotient
 * m * 2^s / 5^-e fit 128 bits, so one integer operation and a sticky bit give the exact rounding. */
#include "decimal.h"

#include <math.h>
#include <stdbool.h>

__extension__ typedef unsigned __int128 Wide;

enum { MOST_DIGITS = 19, LOWEST_EXPONENT = -27, HIGHEST_EXPONENT = 19 };

static uint64_t power(uint64_t base, int exponent)
{
    uint64_t result = 1;
    while (exponent-- > 0)
        result *= base;
    return result;
}

/* m / 10^k for m > 0 and 0 < k <= 27. */
static double divided(uint64_t m, int k)
{
    static const double TENS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
                                  1e22};
    if (m < (UINT64_C(1) << 53) && k <= 22)
        return (double)m / TENS[k]; /* both exact, and IEEE division rounds once */
    int shift = 0;
    while (!(m >> 63)) {
        m <<= 1;
        shift++;
    }
    shift += 63;
    Wide numerator = (Wide)m << 63;
    uint64_t divisor = power(5, k);
    Wide quotient = numerator / divisor; /* at least 2^63: far more bits than a double has */
    if (quotient * divisor != numerator)
        quotient |= 1;
    return ldexp((double)quotient, -shift - k);
}

static double scaled(uint64_t m, int exponent)
{
    if (m == 0 || exponent == 0)
        return (double)m;
    if (exponent < 0)
        return divided(m, -exponent);
    return (double)((Wide)m * power(10, exponent));
}

typedef struct {
    const uint8_t *at, *end;
    uint64_t mantissa;
    int significant, exponent;
} Reading;

static bool take_digits(Reading *reading, bool fraction)
{
    const uint8_t *start = reading->at;
    while (reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9') {
        if (reading->significant == MOST_DIGITS && *reading->at == '0') {
            reading->exponent += !fraction;
            reading->at++;
            continue;
        }
        if (reading->significant || *reading->at != '0')
            reading->significant++;
        if (reading->significant > MOST_DIGITS || reading->at - start > 64)
            return false;
        reading->mantissa = reading->mantissa * 10 + (uint64_t)(*reading->at++ - '0');
        reading->exponent -= fraction;
    }
    return reading->at > start;
}

static bool take_exponent(Reading *reading)
{
    bool negative = false;
    int exponent = 0;
    reading->at++;
    if (reading->at < reading->end && (*reading->at == '+' || *reading->at == '-'))
        negative = *reading->at++ == '-';
    const uint8_t *start = reading->at;
    while (reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9') {
        if (reading->at - start >= 3)
            return false;
        exponent = exponent * 10 + (*reading->at++ - '0');
    }
    reading->exponent += negative ? -exponent : exponent;
    return reading->at > start;
}

size_t decimal_to_double(const uint8_t *text, size_t length, double *value)
{
    Reading reading = {text, text + length, 0, 0, 0};
    bool negative = length > 0 && *text == '-', whole = true;
    reading.at += negative;
    const uint8_t *digits = reading.at;
    if (!take_digits(&reading, false) || (*digits == '0' && reading.at - digits > 1))
        return 0;
    if (reading.at < reading.end && *reading.at == '.') {
        reading.at++;
        whole = false;
        if (!take_digits(&reading, true))
            return 0;
    }
    if (reading.at < reading.end && (*reading.at == 'e' || *reading.at == 'E')) {
        whole = false;
        if (!take_exponent(&reading))
            return 0;
    }
    if (reading.mantissa == 0 && negative && whole)
        return 0;
    if (reading.mantissa &&
        (reading.exponent < LOWEST_EXPONENT || reading.exponent > HIGHEST_EXPONENT))
        return 0;
    double magnitude = scaled(reading.mantissa, reading.exponent);
    *value = negative ? -magnitude : magnitude;
    return (size_t)(reading.at - text);
}

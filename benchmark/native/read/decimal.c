/* Converts decimal text to the nearest double, without `strtod`, which depends on the locale.
 *
 * A number is m * 10^e with m < 10^19. For e from -27 to 19, both m * 10^e and the quotient m * 2^s
 * / 5^-e fit in 128 bits, so one integer operation and a sticky bit give the exact rounding.
 * Multiplying by the reciprocal is faster than dividing, and decides all but one in a thousand
 * numbers. */
#include "decimal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

__extension__ typedef unsigned __int128 Wide;

enum { MOST_DIGITS = 19, LOWEST_EXPONENT = -27, HIGHEST_EXPONENT = 19 };

static uint64_t power(uint64_t base, int exponent)
{
    uint64_t result = 1;
    while (exponent-- > 0)
        result *= base;
    return result;
}

/* 2^exponent; the result must not be subnormal. */
static double power_of_two(int exponent)
{
    uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* 2^(63 + b) / 5^k, rounded down to 64 bits, where b is the number of bits of 5^k. */
static const uint64_t RECIPROCALS[] = {
    0, /* not used */
    UINT64_C(0xCCCCCCCCCCCCCCCC), UINT64_C(0xA3D70A3D70A3D70A), UINT64_C(0x83126E978D4FDF3B),
    UINT64_C(0xD1B71758E219652B), UINT64_C(0xA7C5AC471B478423), UINT64_C(0x8637BD05AF6C69B5),
    UINT64_C(0xD6BF94D5E57A42BC), UINT64_C(0xABCC77118461CEFC), UINT64_C(0x89705F4136B4A597),
    UINT64_C(0xDBE6FECEBDEDD5BE), UINT64_C(0xAFEBFF0BCB24AAFE), UINT64_C(0x8CBCCC096F5088CB),
    UINT64_C(0xE12E13424BB40E13), UINT64_C(0xB424DC35095CD80F), UINT64_C(0x901D7CF73AB0ACD9),
    UINT64_C(0xE69594BEC44DE15B), UINT64_C(0xB877AA3236A4B449), UINT64_C(0x9392EE8E921D5D07),
    UINT64_C(0xEC1E4A7DB69561A5), UINT64_C(0xBCE5086492111AEA), UINT64_C(0x971DA05074DA7BEE),
    UINT64_C(0xF1C90080BAF72CB1), UINT64_C(0xC16D9A0095928A27), UINT64_C(0x9ABE14CD44753B52),
    UINT64_C(0xF79687AED3EEC551), UINT64_C(0xC612062576589DDA), UINT64_C(0x9E74D1B791E07E48)};

/* m / 10^k by multiplication: the upper half of the product is too small by less than 2. False if
 * that leaves the rounding undecided. */
static bool multiplied(uint64_t m, int k, double *value)
{
    int zeros = __builtin_clzll(m), bits = (k * 2378 >> 10) + 1;
    uint64_t high = (uint64_t)((Wide)(m << zeros) * RECIPROCALS[k] >> 64);
    int shift = high >> 63 ? 11 : 10; /* leaves the 53 bits of a double */
    uint64_t rest = high & ((UINT64_C(1) << shift) - 1), half = UINT64_C(1) << (shift - 1);
    if (rest == half || rest == half - 1)
        return false;
    *value = (double)((high >> shift) + (rest > half)) *
             power_of_two(shift + 1 - zeros - bits - k);
    return true;
}

/* m / 10^k by division. */
static double divided_exactly(uint64_t m, int k)
{
    int zeros = __builtin_clzll(m);
    Wide numerator = (Wide)(m << zeros) << 63;
    uint64_t divisor = power(5, k);
    Wide quotient = numerator / divisor; /* at least 2^63: more bits than a double has */
    if (quotient * divisor != numerator)
        quotient |= 1;
    return ldexp((double)quotient, -63 - zeros - k);
}

/* m / 10^k for m > 0 and 0 < k <= 27. */
static double divided(uint64_t m, int k)
{
    static const double TENS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
                                  1e22};
    if (m < (UINT64_C(1) << 53) && k <= 22)
        return (double)m / TENS[k]; /* both exact, and IEEE division rounds once */
    double value;
    return multiplied(m, k, &value) ? value : divided_exactly(m, k);
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

/* Reads eight digits at once, or none; at least eight characters must follow. */
static bool take_eight(const uint8_t *at, uint64_t *number)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t word, above;
    memcpy(&word, at, sizeof word);
    above = word + UINT64_C(0x0606060606060606);
    if (((word & above) & UINT64_C(0xF0F0F0F0F0F0F0F0)) != UINT64_C(0x3030303030303030) ||
        ((word | above) & UINT64_C(0xF0F0F0F0F0F0F0F0)) != UINT64_C(0x3030303030303030))
        return false;
    word &= UINT64_C(0x0F0F0F0F0F0F0F0F); /* then pairs, fours and all eight */
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    *number = (word * 10000 + (word >> 32)) & UINT64_C(0xFFFFFFFF);
    return true;
#else
    (void)at, (void)number;
    return false;
#endif
}

static bool take_digits(Reading *reading, bool fraction)
{
    const uint8_t *start = reading->at;
    uint64_t eight;
    while (reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9') {
        if (reading->significant && reading->significant + 8 <= MOST_DIGITS &&
            reading->end - reading->at >= 8 && take_eight(reading->at, &eight)) {
            reading->mantissa = reading->mantissa * 100000000 + eight;
            reading->significant += 8;
            reading->exponent -= fraction ? 8 : 0;
            reading->at += 8;
            continue;
        }
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

#include "template/number.h"

#include <math.h>

static bool is_digit(struct str s, size_t at)
{
    return at < s.len && s.at[at] >= '0' && s.at[at] <= '9';
}

/* Reads digits into *value; those beyond 64 bits go to *real alone. */
static size_t scan_digits(struct str s, size_t at, uint64_t *value, double *real, bool *over)
{
    for (; is_digit(s, at); at++) {
        unsigned digit = (unsigned)(s.at[at] - '0');
        *real = *real * 10 + digit;
        if (*value > ((uint64_t)INT64_MAX - digit) / 10)
            *over = true;
        else
            *value = *value * 10 + digit;
    }
    return at;
}

/* The digits after the point: at most 17 in all count, so that the division below is exact. */
static size_t scan_fraction(struct str s, size_t at, uint64_t whole, bool over, double *real)
{
    double power = 1, fraction = 0;
    uint64_t digits = whole;
    bool exact = !over;
    for (; is_digit(s, at); at++) {
        unsigned digit = (unsigned)(s.at[at] - '0');
        if (power >= 1e17)
            continue;
        power *= 10;
        fraction = fraction * 10 + digit;
        exact = exact && digits < (UINT64_C(1) << 53) / 10;
        digits = exact ? digits * 10 + digit : digits;
    }
    *real = exact ? (double)digits / power : *real + fraction / power;
    return at;
}

size_t number_scan(struct str s, struct number *out)
{
    *out = (struct number){0};
    size_t start = s.len && s.at[0] == '-' ? 1 : 0;
    uint64_t whole = 0;
    double real = 0;
    size_t end = scan_digits(s, start, &whole, &real, &out->real);
    if (end == start)
        return 0;
    if (end + 1 < s.len && s.at[end] == '.' && is_digit(s, end + 1)) {
        end = scan_fraction(s, end + 1, whole, out->real, &real);
        out->real = true;
    }
    out->approx = start ? -real : real;
    out->whole = start ? -(int64_t)whole : (int64_t)whole;
    return end;
}

/* printf writes the locale's decimal sign. */
static void point_set(char *text)
{
    char *sign = strchr(text, ',');
    if (sign)
        *sign = '.';
}

static size_t print_shortest(double real, char out[40])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 40, "%.*g", digits, real);
        if (strtod(out, NULL) == real)
            break;
    }
    if (strchr(out, 'e') && fabs(real) >= 1 && fabs(real) < 1e16)
        snprintf(out, 40, "%.1f", real);
    point_set(out);
    return strlen(out);
}

size_t number_print(double real, char out[40])
{
    if (!isfinite(real)) {
        snprintf(out, 40, "%s", isnan(real) ? "NaN" : real < 0 ? "-Infinity" : "Infinity");
        return strlen(out);
    }
    size_t len = print_shortest(real, out);
    if (strchr(out, '.'))
        return len;
    char *exponent = strchr(out, 'e');
    size_t at = exponent ? (size_t)(exponent - out) : len;
    memmove(out + at + 2, out + at, len - at + 1);
    memcpy(out + at, ".0", 2);
    return len + 2;
}

/* "-0.00" is no number that people write. */
static size_t drop_minus_zero(char *text)
{
    size_t len = strlen(text);
    if (text[0] == '-' && strspn(text + 1, "0.") == len - 1)
        memmove(text, text + 1, len--);
    return len;
}

size_t number_print_fixed(const struct number *n, unsigned places, char out[NUMBER_FIXED_SIZE])
{
    if (!n->real) {
        snprintf(out, NUMBER_FIXED_SIZE, "%lld%s%.*s", (long long)n->whole, places ? "." : "",
                 (int)places, "000000000000000");
        return strlen(out);
    }
    if (!isfinite(n->approx))
        return 0;
    double power = pow(10, places), real = n->approx;
    /* Beyond that size a double has no such places. */
    if (fabs(real) * power < 1e15)
        real = round(number_tidy(real * power)) / power;
    snprintf(out, NUMBER_FIXED_SIZE, "%.*f", (int)places, real);
    point_set(out);
    return drop_minus_zero(out);
}

double number_tidy(double real)
{
    if (!isfinite(real))
        return real;
    char text[40];
    snprintf(text, sizeof(text), "%.15g", real);
    return strtod(text, NULL);
}

#include "base/suggest.h"

enum { SUGGEST_MAX = 255 };

static unsigned min2(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_swap(struct str a, struct str b, size_t i, size_t k)
{
    return i > 1 && k > 1 && lower(a.at[i - 1]) == lower(b.at[k - 2]) &&
           lower(a.at[i - 2]) == lower(b.at[k - 1]);
}

unsigned suggest_distance(struct str a, struct str b)
{
    /* Three rows of the table; row i is rows[i % 3]. */
    unsigned rows[3][SUGGEST_MAX + 1];
    a.len = a.len < SUGGEST_MAX ? a.len : SUGGEST_MAX;
    b.len = b.len < SUGGEST_MAX ? b.len : SUGGEST_MAX;
    for (size_t k = 0; k <= b.len; k++)
        rows[0][k] = (unsigned)k;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= b.len; k++) {
            unsigned change = above[k - 1] + (lower(a.at[i - 1]) != lower(b.at[k - 1]));
            row[k] = min2(change, min2(above[k], row[k - 1]) + 1);
            if (is_swap(a, b, i, k))
                row[k] = min2(row[k], two_above[k - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

bool suggest_is_near(struct str a, struct str b)
{
    size_t allowed = a.len / 3 < 3 ? a.len / 3 : 3;
    return suggest_distance(a, b) <= (allowed ? allowed : 1);
}

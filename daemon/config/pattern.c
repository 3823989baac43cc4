#include "config/pattern.h"

#include <limits.h>

int pattern_fit(struct str pattern, struct str name)
{
    if (str_eq_nocase(pattern, name))
        return INT_MAX;
    if (str_eq(pattern, STR("*")))
        return 0;
    struct str suffix = str_skip(pattern, 1);
    if (!str_starts(pattern, STR("*.")) || name.len <= suffix.len)
        return -1;
    struct str end = str_skip(name, name.len - suffix.len);
    return str_eq_nocase(end, suffix) ? (int)suffix.len : -1;
}

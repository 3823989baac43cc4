#include "base/glob.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool fits(char wanted, char c)
{
    return wanted == '?' || lower(wanted) == lower(c);
}

/*
 * What stands between two stars is best found as early as possible: that leaves the most for what
 * follows. So only the last star that was met can have been too short, and there is one place to
 * return to, not a tree of them.
 */
bool glob_match(struct str pattern, struct str text)
{
    size_t p = 0, t = 0;
    size_t after_star = 0, star_end = 0; /* where the last star was left: in both */
    bool star = false;
    while (t < text.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            star = true;
            after_star = ++p;
            star_end = t;
        } else if (p < pattern.len && fits(pattern.at[p], text.at[t])) {
            p++;
            t++;
        } else if (star) {
            p = after_star;
            t = ++star_end;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*')
        p++;
    return p == pattern.len;
}

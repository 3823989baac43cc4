#include "template/language.h"

/* Tags that mean a language under another name. */
static const struct {
    struct str tag, as;
} aliases[] = {
    {{"no", 2}, {"nb", 2}}, {{"nn", 2}, {"nb", 2}}, /* its marks, and names that are close */
};

static char plain(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_tag(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (plain(a.at[i]) != plain(b.at[i]))
            return false;
    return true;
}

static const struct template_language *find_exact(struct str tag)
{
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (same_tag(tag, aliases[i].tag))
            tag = aliases[i].as;
    for (size_t i = 0; i < language_count; i++)
        if (same_tag(tag, str_of(language_table[i].tag)))
            return &language_table[i];
    return NULL;
}

/* "fr-Latn-BE", then "fr-Latn", then "fr" (RFC 4647 §3.4). */
const struct template_language *template_language_find(struct str tag)
{
    tag = str_trim(tag);
    if (tag.len > 64)
        return NULL;
    while (tag.len) {
        const struct template_language *found = find_exact(tag);
        if (found)
            return found;
        while (tag.len && plain(tag.at[--tag.len]) != '-')
            ;
    }
    return NULL;
}

const struct template_language *template_language_english(void)
{
    return &language_table[0];
}

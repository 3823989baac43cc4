#include "template/filters.h"

/* In the order of their names, which filter_find relies on. */
static const struct filter filters[] = {
    {"abs", 0, 0, false, filter_abs, NULL},
    {"append", 1, 1, false, filter_append, NULL},
    {"capitalize", 0, 0, false, filter_capitalize, NULL},
    {"ceil", 0, 0, false, filter_ceil, NULL},
    {"date", 1, 1, false, filter_date, NULL},
    {"default", 0, 1, false, filter_default, "allow_false"},
    {"divided_by", 1, 1, false, filter_divided_by, NULL},
    {"downcase", 0, 0, false, filter_downcase, NULL},
    {"escape", 0, 0, false, filter_escape, NULL},
    {"first", 0, 0, false, filter_first, NULL},
    {"floor", 0, 0, false, filter_floor, NULL},
    {"join", 0, 1, false, filter_join, NULL},
    {"last", 0, 0, false, filter_last, NULL},
    {"lstrip", 0, 0, true, filter_lstrip, NULL},
    {"minus", 1, 1, false, filter_minus, NULL},
    {"modulo", 1, 1, false, filter_modulo, NULL},
    {"newline_to_br", 0, 0, false, filter_newline_to_br, NULL},
    {"number_with_delimiter", 0, 2, false, filter_number_with_delimiter, NULL},
    {"plus", 1, 1, false, filter_plus, NULL},
    {"prepend", 1, 1, false, filter_prepend, NULL},
    {"raw", 0, 0, false, filter_raw, NULL},
    {"remove", 1, 1, false, filter_remove, NULL},
    {"replace", 1, 2, false, filter_replace, NULL},
    {"replace_first", 1, 2, false, filter_replace_first, NULL},
    {"reverse", 0, 0, false, filter_reverse, NULL},
    {"round", 0, 1, false, filter_round, NULL},
    {"rstrip", 0, 0, true, filter_rstrip, NULL},
    {"size", 0, 0, false, filter_size, NULL},
    {"sort", 0, 1, false, filter_sort, NULL},
    {"split", 1, 1, false, filter_split, NULL},
    {"strip", 0, 0, true, filter_strip, NULL},
    {"strip_html", 0, 0, false, filter_strip_html, NULL},
    {"strip_newlines", 0, 0, true, filter_strip_newlines, NULL},
    {"times", 1, 1, false, filter_times, NULL},
    {"truncate", 0, 2, false, filter_truncate, NULL},
    {"truncatewords", 0, 2, false, filter_truncatewords, NULL},
    {"upcase", 0, 0, false, filter_upcase, NULL},
    {"url_encode", 0, 0, false, filter_url_encode, NULL},
};

const struct filter *filter_find(struct str name)
{
    size_t low = 0, high = sizeof(filters) / sizeof(filters[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(name, str_of(filters[middle].name));
        if (order == 0)
            return &filters[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

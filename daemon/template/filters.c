#include "template/filters.h"

/* In the order of their names, which filter_find relies on. */
static const struct filter filters[] = {
    {"abs", 0, 0, false, filter_abs, NULL},
    {"append", 1, 1, false, filter_append, NULL},
    {"at_least", 1, 1, false, filter_at_least, NULL},
    {"at_most", 1, 1, false, filter_at_most, NULL},
    {"base64_decode", 0, 0, false, filter_base64_decode, NULL},
    {"base64_encode", 0, 0, false, filter_base64_encode, NULL},
    {"base64_url_safe_decode", 0, 0, false, filter_base64_url_safe_decode, NULL},
    {"base64_url_safe_encode", 0, 0, false, filter_base64_url_safe_encode, NULL},
    {"capitalize", 0, 0, false, filter_capitalize, NULL},
    {"ceil", 0, 0, false, filter_ceil, NULL},
    {"compact", 0, 1, false, filter_compact, NULL},
    {"concat", 1, 1, false, filter_concat, NULL},
    {"date", 1, 1, false, filter_date, NULL},
    {"default", 0, 1, false, filter_default, "allow_false"},
    {"divided_by", 1, 1, false, filter_divided_by, NULL},
    {"downcase", 0, 0, false, filter_downcase, NULL},
    {"escape", 0, 0, false, filter_escape, NULL},
    {"escape_once", 0, 0, false, filter_escape_once, NULL},
    {"find", 1, 2, false, filter_find_item, NULL},
    {"find_index", 1, 2, false, filter_find_index, NULL},
    {"first", 0, 0, false, filter_first, NULL},
    {"floor", 0, 0, false, filter_floor, NULL},
    {"h", 0, 0, false, filter_escape, NULL},
    {"has", 1, 2, false, filter_has, NULL},
    {"join", 0, 1, false, filter_join, NULL},
    {"last", 0, 0, false, filter_last, NULL},
    {"lstrip", 0, 0, true, filter_lstrip, NULL},
    {"map", 1, 1, false, filter_map, NULL},
    {"minus", 1, 1, false, filter_minus, NULL},
    {"modulo", 1, 1, false, filter_modulo, NULL},
    {"newline_to_br", 0, 0, false, filter_newline_to_br, NULL},
    {"number", 0, 1, false, filter_number, NULL},
    {"number_with_delimiter", 0, 2, false, filter_number_with_delimiter, NULL},
    {"plus", 1, 1, false, filter_plus, NULL},
    {"prepend", 1, 1, false, filter_prepend, NULL},
    {"raw", 0, 0, false, filter_raw, NULL},
    {"reject", 1, 2, false, filter_reject, NULL},
    {"remove", 1, 1, false, filter_remove, NULL},
    {"remove_first", 1, 1, false, filter_remove_first, NULL},
    {"remove_last", 1, 1, false, filter_remove_last, NULL},
    {"replace", 1, 2, false, filter_replace, NULL},
    {"replace_first", 1, 2, false, filter_replace_first, NULL},
    {"replace_last", 2, 2, false, filter_replace_last, NULL},
    {"reverse", 0, 0, false, filter_reverse, NULL},
    {"round", 0, 1, false, filter_round, NULL},
    {"rstrip", 0, 0, true, filter_rstrip, NULL},
    {"size", 0, 0, false, filter_size, NULL},
    {"slice", 1, 2, false, filter_slice, NULL},
    {"sort", 0, 1, false, filter_sort, NULL},
    {"sort_natural", 0, 1, false, filter_sort_natural, NULL},
    {"split", 1, 1, false, filter_split, NULL},
    {"squish", 0, 0, true, filter_squish, NULL},
    {"strip", 0, 0, true, filter_strip, NULL},
    {"strip_html", 0, 0, false, filter_strip_html, NULL},
    {"strip_newlines", 0, 0, true, filter_strip_newlines, NULL},
    {"sum", 0, 1, false, filter_sum, NULL},
    {"times", 1, 1, false, filter_times, NULL},
    {"truncate", 0, 2, false, filter_truncate, NULL},
    {"truncatewords", 0, 2, false, filter_truncatewords, NULL},
    {"uniq", 0, 1, false, filter_uniq, NULL},
    {"upcase", 0, 0, false, filter_upcase, NULL},
    {"url_decode", 0, 0, false, filter_url_decode, NULL},
    {"url_encode", 0, 0, false, filter_url_encode, NULL},
    {"where", 1, 2, false, filter_where, NULL},
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

#include "template/value.h"

#include "template/number.h"

bool value_is_empty(const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_STR:
        return v->str.len == 0;
    case VALUE_ARRAY:
    case VALUE_RANGE:
    case VALUE_OBJECT:
        return value_count(v) == 0;
    default:
        return false;
    }
}

bool value_is_blank(const struct value *v)
{
    if (!value_is_true(v))
        return true;
    if (v->kind == VALUE_STR)
        return str_trim(v->str).len == 0;
    return value_is_empty(v);
}

uint64_t value_count(const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_ARRAY:
        return v->count;
    case VALUE_RANGE:
        if (v->range.last < v->range.first)
            return 0;
        return (uint64_t)v->range.last - (uint64_t)v->range.first + 1;
    case VALUE_OBJECT:
        return v->object.type->count ? v->object.type->count(v->object.ctx) : 1;
    case VALUE_STR:
        return v->str.len != 0;
    default:
        return 0;
    }
}

static bool array_equals(const struct value *a, const struct value *b, uint64_t *looked_at)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!value_equals_counted(&a->items[i], &b->items[i], looked_at))
            return false;
    return true;
}

static bool text_equals(struct str a, struct str b, uint64_t *looked_at)
{
    if (a.len != b.len)
        return false;
    *looked_at += a.len;
    return str_eq(a, b);
}

static bool blank_counted(const struct value *v, uint64_t *looked_at)
{
    if (v->kind != VALUE_STR)
        return value_is_blank(v);
    size_t left = str_trim(v->str).len;
    *looked_at += v->str.len - left;
    return left == 0;
}

static bool number_equals(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return a->whole == b->whole;
    return value_to_double(a) == value_to_double(b);
}

static bool same_kind_equals(const struct value *a, const struct value *b, uint64_t *looked_at)
{
    switch ((enum value_kind)a->kind) {
    case VALUE_BOOL:
        return a->truth == b->truth;
    case VALUE_STR:
        return text_equals(a->str, b->str, looked_at);
    case VALUE_ARRAY:
        return array_equals(a, b, looked_at);
    case VALUE_RANGE:
        return a->range.first == b->range.first && a->range.last == b->range.last;
    case VALUE_OBJECT:
        return a->object.type == b->object.type && a->object.ctx == b->object.ctx;
    default:
        return true;
    }
}

bool value_equals_counted(const struct value *a, const struct value *b, uint64_t *looked_at)
{
    *looked_at += 2; /* takes as long as two bytes of most filters */
    if (value_is_number(a) && value_is_number(b))
        return number_equals(a, b);
    if (a->kind == b->kind)
        return same_kind_equals(a, b, looked_at);
    if (a->kind == VALUE_BLANK)
        return blank_counted(b, looked_at);
    if (b->kind == VALUE_BLANK)
        return blank_counted(a, looked_at);
    if (a->kind == VALUE_EMPTY)
        return value_is_empty(b);
    return b->kind == VALUE_EMPTY && value_is_empty(a);
}

bool value_equals(const struct value *a, const struct value *b)
{
    uint64_t ignored = 0;
    return value_equals_counted(a, b, &ignored);
}

bool value_order(const struct value *a, const struct value *b, int *order)
{
    if (a->kind == VALUE_STR && b->kind == VALUE_STR) {
        *order = str_compare(a->str, b->str);
        return true;
    }
    if (!value_is_number(a) || !value_is_number(b))
        return false;
    if (a->kind == VALUE_INT && b->kind == VALUE_INT) {
        *order = (a->whole > b->whole) - (a->whole < b->whole);
        return true;
    }
    double x = value_to_double(a), y = value_to_double(b);
    *order = (x > y) - (x < y);
    return x == x && y == y;
}

/* Reals only where all of the text is one; else the whole number in front. */
static struct value text_number(struct str s)
{
    struct number n;
    s = str_trim(s);
    size_t len = number_scan(s, &n);
    if (len == 0)
        return value_int(0);
    if (n.real && len == s.len)
        return value_float(n.approx);
    if (n.real && n.approx >= -9e18 && n.approx <= 9e18)
        return value_int((int64_t)n.approx);
    return n.real ? value_float(n.approx) : value_int(n.whole);
}

struct value value_number(const struct value *v)
{
    if (value_is_number(v))
        return *v;
    return v->kind == VALUE_STR ? text_number(v->str) : value_int(0);
}

bool value_to_int(const struct value *v, int64_t *out)
{
    struct number n;
    if (v->kind == VALUE_INT) {
        *out = v->whole;
        return true;
    }
    if (v->kind == VALUE_FLOAT) {
        if (!(v->real > -9.2e18 && v->real < 9.2e18))
            return false;
        *out = (int64_t)v->real;
        return true;
    }
    if (v->kind != VALUE_STR || v->str.len == 0 || number_scan(v->str, &n) != v->str.len || n.real)
        return false;
    *out = n.whole;
    return true;
}

double value_to_double(const struct value *number)
{
    return number->kind == VALUE_FLOAT ? number->real : (double)number->whole;
}

size_t value_number_text(const struct value *number, char out[VALUE_NUMBER_SIZE])
{
    if (number->kind == VALUE_FLOAT)
        return number_print(number->real, out);
    bool negative = number->whole < 0;
    uint64_t size = negative ? 0 - (uint64_t)number->whole : (uint64_t)number->whole;
    if (negative)
        *out = '-';
    return negative + str_u64(size, out + negative);
}

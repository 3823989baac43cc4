/*
 * Arithmetic. Whole numbers stay whole; where they leave 64 bits they become real. Reals are tidied
 * to 15 digits, so that money adds up as on paper. What is no number counts as the number it begins
 * with, or 0.
 */
#include <math.h>

#include "template/filters.h"
#include "template/number.h"

/* Both operands; true if both are whole. */
static bool operands(struct call *c, struct value *a, struct value *b)
{
    *a = value_number(&c->value);
    *b = value_number(&c->args[0]);
    return a->kind == VALUE_INT && b->kind == VALUE_INT;
}

static void set_real(struct call *c, double real)
{
    c->value = value_float(number_tidy(real));
}

struct value number_add(struct value a, struct value b)
{
    int64_t sum;
    if (a.kind == VALUE_INT && b.kind == VALUE_INT &&
        !__builtin_add_overflow(a.whole, b.whole, &sum))
        return value_int(sum);
    return value_float(number_tidy(value_to_double(&a) + value_to_double(&b)));
}

void filter_plus(struct call *c)
{
    c->value = number_add(value_number(&c->value), value_number(&c->args[0]));
}

void filter_minus(struct call *c)
{
    struct value a, b;
    int64_t difference;
    if (operands(c, &a, &b) && !__builtin_sub_overflow(a.whole, b.whole, &difference))
        c->value = value_int(difference);
    else
        set_real(c, value_to_double(&a) - value_to_double(&b));
}

void filter_times(struct call *c)
{
    struct value a, b;
    int64_t product;
    if (operands(c, &a, &b) && !__builtin_mul_overflow(a.whole, b.whole, &product))
        c->value = value_int(product);
    else
        set_real(c, value_to_double(&a) * value_to_double(&b));
}

/* Fails, and says so, where the argument is the whole number 0. */
static bool divisor_is_zero(struct call *c, const struct value *b)
{
    if (b->kind == VALUE_INT && b->whole == 0)
        render_fail(c->r, "\"%s\" cannot divide by 0.", c->filter->name);
    return c->r->failed;
}

/* Towards minus infinity, as the reference implementation does. */
void filter_divided_by(struct call *c)
{
    struct value a, b;
    bool whole = operands(c, &a, &b);
    if (divisor_is_zero(c, &b))
        return;
    if (!whole || (a.whole == INT64_MIN && b.whole == -1)) {
        c->value = value_float(value_to_double(&a) / value_to_double(&b));
        return;
    }
    int64_t quotient = a.whole / b.whole;
    bool inexact = a.whole % b.whole != 0, negative = (a.whole < 0) != (b.whole < 0);
    c->value = value_int(quotient - (inexact && negative));
}

/* The result has the sign of the divisor. */
void filter_modulo(struct call *c)
{
    struct value a, b;
    bool whole = operands(c, &a, &b);
    if (divisor_is_zero(c, &b))
        return;
    if (whole) {
        int64_t rest = b.whole == -1 ? 0 : a.whole % b.whole;
        c->value = value_int(rest && (rest < 0) != (b.whole < 0) ? rest + b.whole : rest);
        return;
    }
    double y = value_to_double(&b), rest = fmod(value_to_double(&a), y);
    set_real(c, rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest);
}

void filter_abs(struct call *c)
{
    struct value v = value_number(&c->value);
    if (v.kind == VALUE_INT && v.whole != INT64_MIN)
        c->value = value_int(v.whole < 0 ? -v.whole : v.whole);
    else
        c->value = value_float(fabs(value_to_double(&v)));
}

void filter_at_least(struct call *c)
{
    struct value a, b;
    operands(c, &a, &b);
    int order;
    c->value = value_order(&a, &b, &order) && order < 0 ? b : a;
}

void filter_at_most(struct call *c)
{
    struct value a, b;
    operands(c, &a, &b);
    int order;
    c->value = value_order(&a, &b, &order) && order > 0 ? b : a;
}

/* A real without fraction as a whole number, where it is one. */
static struct value whole_of(double real)
{
    int64_t whole;
    struct value v = value_float(real);
    return value_to_int(&v, &whole) ? value_int(whole) : v;
}

void filter_ceil(struct call *c)
{
    struct value v = value_number(&c->value);
    c->value = v.kind == VALUE_INT ? v : whole_of(ceil(v.real));
}

void filter_floor(struct call *c)
{
    struct value v = value_number(&c->value);
    c->value = v.kind == VALUE_INT ? v : whole_of(floor(v.real));
}

void filter_round(struct call *c)
{
    struct value v = value_number(&c->value), places = value_number(&c->args[0]);
    int64_t n = 0;
    value_to_int(&places, &n);
    if (v.kind == VALUE_INT && n >= 0) {
        c->value = v;
        return;
    }
    double power = pow(10, (double)(n > 300 ? 300 : n < -300 ? -300 : n));
    double rounded = round(number_tidy(value_to_double(&v) * power)) / power;
    if (!isfinite(rounded))
        rounded = value_to_double(&v);
    c->value = n > 0 ? value_float(number_tidy(rounded)) : whole_of(rounded);
}

/* A rate as a receiver would count it: in every window, wherever it begins. All on a false clock.
 */
#include "delivery/pace.h"

#include "unit/delivery/dice.h"

enum { MS = 1000, S = 1000 * MS, TIMES_MAX = 200000 };

/* What went, and when. */
static struct {
    int64_t at[TIMES_MAX];
    size_t count;
} went;

static void go(struct pace *pace, int64_t now)
{
    pace_count(pace, now);
    assert_true(went.count < TIMES_MAX);
    went.at[went.count++] = now;
}

static int64_t period_of(struct rate rate)
{
    return rate.period_ms * MS;
}

/* By so much a receiver may see things closer together. */
static int64_t guard_of(struct rate rate)
{
    int64_t guard = period_of(rate) / 50;
    return guard < S / 2 ? guard : S / 2;
}

/* No window that begins with one of `first` or later has more than `count`. */
static void assert_kept(struct rate rate, size_t first)
{
    for (size_t i = first; i + rate.count < went.count; i++)
        if (went.at[i + rate.count] - went.at[i] < period_of(rate) + guard_of(rate))
            fail_msg("%llu in %lld ms: one more after %lld us", (unsigned long long)rate.count,
                     (long long)rate.period_ms, (long long)(went.at[i + rate.count] - went.at[i]));
}

/* What wakes the sender: a timer in whole milliseconds, late by up to `late` us. */
static int64_t woken(struct dice *dice, int64_t now, int64_t wait, uint64_t late)
{
    int64_t due = (now + wait + MS - 1) / MS * MS;
    return due + (int64_t)dice_below(dice, late + 1);
}

static int64_t send_steadily(struct pace *pace, struct dice *dice, int64_t now, int64_t until,
                             uint64_t late)
{
    while (now < until) {
        int64_t wait = pace_wait_us(pace, now);
        if (wait > 0)
            now = woken(dice, now, wait, late);
        else
            go(pace, now);
    }
    return now;
}

/* Work comes in heaps, with pauses between them that may be long or nothing. */
static int64_t send_in_heaps(struct pace *pace, struct dice *dice, int64_t now, int64_t until)
{
    while (now < until) {
        uint64_t pause = (uint64_t)period_of(pace->rate) * 2;
        uint64_t heap = 1 + dice_below(dice, 2 * pace->rate.count + 2);
        for (; heap > 0 && now < until; heap--) {
            int64_t wait = pace_wait_us(pace, now);
            if (wait > 0)
                now = woken(dice, now, wait, dice_below(dice, 50 * MS));
            assert_int_equal(pace_wait_us(pace, now), 0);
            go(pace, now);
        }
        now += (int64_t)dice_below(dice, 1 + (dice_below(dice, 2) ? pause : pause / 100));
    }
    return now;
}

static struct rate some_rate(struct dice *dice)
{
    static const int64_t periods[] = {1000, 1000, 10000, 60000, 3600000, 86400000};
    uint64_t most[] = {3, 50, 600};
    return (struct rate){1 + dice_below(dice, most[dice_below(dice, 3)]),
                         periods[dice_below(dice, 6)]};
}

static void no_window_has_more_whatever_comes_when(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct dice dice = dice_of(seed);
        struct rate rate = some_rate(&dice);
        struct pace pace;
        went.count = 0;
        int64_t now = (int64_t)dice_below(&dice, 100) * S;
        pace_init(&pace, rate, now);
        now = send_in_heaps(&pace, &dice, now, now + 8 * period_of(rate));
        send_steadily(&pace, &dice, now, now + 8 * period_of(rate), dice_below(&dice, 20 * MS));
        assert_kept(rate, 0);
    }
}

static void steady_work_uses_nearly_all_of_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct dice dice = dice_of(seed);
        struct rate rate = some_rate(&dice);
        struct pace pace;
        int64_t periods = 100000 / (int64_t)rate.count < 200 ? 100000 / (int64_t)rate.count : 200;
        went.count = 0;
        pace_init(&pace, rate, 0);
        int64_t begin = pace_wait_us(&pace, 0);
        send_steadily(&pace, &dice, begin, begin + periods * period_of(rate), MS);
        assert_kept(rate, 0);
        assert_true((double)went.count >= 0.95 * (double)periods * (double)rate.count);
    }
}

/* What went before a start counts against the first window, as if it had been all. */
static void a_new_one_begins_as_if_all_was_used(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct dice dice = dice_of(seed);
        struct rate rate = some_rate(&dice);
        struct pace before, after;
        went.count = 0;
        pace_init(&before, rate, 0);
        int64_t now = send_in_heaps(&before, &dice, 0, 4 * period_of(rate));
        now = send_steadily(&before, &dice, now, now + (int64_t)dice_below(&dice, 100 * MS), MS);
        pace_init(&after, rate, now);
        assert_true(pace_wait_us(&after, now) * (int64_t)rate.count >= period_of(rate));
        assert_false(pace_is_idle(&after, now));
        send_steadily(&after, &dice, now, now + 3 * period_of(rate), MS);
        assert_kept(rate, 0);
    }
}

/* Across a change no window has more than the higher of the two; after it, than the new one. */
static void a_change_gives_nothing_twice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct dice dice = dice_of(seed);
        struct rate rate = some_rate(&dice), highest = rate;
        struct pace pace;
        size_t changed = 0;
        int64_t now = 0;
        went.count = 0;
        pace_init(&pace, rate, now);
        for (int change = 0; change < 12; change++) {
            int64_t most = period_of(rate) * (int64_t)(1 + dice_below(&dice, 2));
            now =
                send_in_heaps(&pace, &dice, now, now + (int64_t)dice_below(&dice, (uint64_t)most));
            assert_kept(rate, changed);
            rate.count = 1 + dice_below(&dice, 2 * rate.count);
            highest.count = rate.count > highest.count ? rate.count : highest.count;
            pace_change(&pace, rate, now);
            changed = went.count;
        }
        assert_kept(highest, 0);
    }
}

static void the_same_rate_again_is_no_change(void **state)
{
    (void)state;
    struct pace pace, known;
    struct rate rate = {10, 1000};
    pace_init(&pace, rate, 0);
    pace_count(&pace, 5 * S);
    known = pace;
    pace_change(&pace, rate, 6 * S);
    assert_int_equal(pace.next_ns, known.next_ns);
}

static void no_rate_is_no_limit(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, (struct rate){0, 0}, S);
    for (int i = 0; i < 1000; i++)
        pace_count(&pace, S);
    assert_int_equal(pace_wait_us(&pace, S), 0);
    assert_true(pace_allows(&pace, S, S) == UINT64_MAX && pace_is_idle(&pace, S));
    pace_change(&pace, (struct rate){1, 1000}, S);
    assert_true(pace_wait_us(&pace, S) >= S);
    pace_change(&pace, (struct rate){0, 0}, S);
    assert_int_equal(pace_wait_us(&pace, S), 0);
}

/* What it says of the future is what then happens. */
static void it_foretells_how_many_may_go(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct dice dice = dice_of(seed);
        struct rate rate = some_rate(&dice);
        struct pace pace;
        pace_init(&pace, rate, 0);
        went.count = 0;
        int64_t now = send_in_heaps(&pace, &dice, 0, period_of(rate));
        int64_t until = now + (int64_t)dice_below(&dice, 3 * (uint64_t)period_of(rate));
        uint64_t told = pace_allows(&pace, until, now);
        went.count = 0;
        while (now + pace_wait_us(&pace, now) <= until) {
            now += pace_wait_us(&pace, now);
            go(&pace, now);
        }
        assert_int_equal(went.count, told);
    }
}

static void it_is_idle_when_nothing_counts_any_more(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, (struct rate){10, 1000}, 0);
    assert_false(pace_is_idle(&pace, 100 * MS));
    assert_true(pace_is_idle(&pace, 200 * MS));
    pace_count(&pace, S);
    assert_false(pace_is_idle(&pace, S + 100 * MS));
    assert_true(pace_is_idle(&pace, S + 105 * MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_window_has_more_whatever_comes_when),
        cmocka_unit_test(steady_work_uses_nearly_all_of_it),
        cmocka_unit_test(a_new_one_begins_as_if_all_was_used),
        cmocka_unit_test(a_change_gives_nothing_twice),
        cmocka_unit_test(the_same_rate_again_is_no_change),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(it_foretells_how_many_may_go),
        cmocka_unit_test(it_is_idle_when_nothing_counts_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

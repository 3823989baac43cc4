#include "loop/letterbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "loop/loop.h"

enum { THREADS = 4, LETTERS = 20000 };

struct note {
    struct letter letter;
    struct reader *reader;
    int sender, number;
};

struct reader {
    struct loop loop;
    int last[THREADS];
    int out_of_order, count;
};

static void on_note(struct letter *letter)
{
    struct note *note = LETTER_OF(letter, struct note, letter);
    struct reader *reader = note->reader;
    if (note->number != reader->last[note->sender] + 1)
        reader->out_of_order++;
    reader->last[note->sender] = note->number;
    if (++reader->count == THREADS * LETTERS)
        loop_stop(&reader->loop);
    free(note);
}

struct sender {
    struct reader *reader;
    int number;
    uv_thread_t thread;
};

static void send_all(void *arg)
{
    struct sender *sender = arg;
    for (int i = 1; i <= LETTERS; i++) {
        struct note *note = NEW(struct note);
        *note = (struct note){{NULL, on_note}, sender->reader, sender->number, i};
        loop_post(&sender->reader->loop, &note->letter);
    }
}

/* Every letter of every thread arrives once, on the loop's thread, in its sender's order. */
static void letters_arrive_in_order(void **state)
{
    (void)state;
    struct reader reader = {0};
    struct sender senders[THREADS];
    assert_int_equal(loop_init(&reader.loop, "reader", NULL), 0);
    assert_int_equal(loop_start(&reader.loop, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.reader = &reader, .number = i};
        uv_thread_create(&senders[i].thread, send_all, &senders[i]);
    }
    for (int i = 0; i < THREADS; i++)
        uv_thread_join(&senders[i].thread);
    loop_join(&reader.loop);
    loop_release(&reader.loop);
    assert_int_equal(reader.count, THREADS * LETTERS);
    assert_int_equal(reader.out_of_order, 0);
}

/* A letter may be posted again from its own delivery. */
struct echo {
    struct letter letter;
    struct loop *loop;
    int left;
};

static void on_echo(struct letter *letter)
{
    struct echo *echo = LETTER_OF(letter, struct echo, letter);
    if (echo->left-- == 0)
        loop_stop(echo->loop);
    else
        loop_post(echo->loop, letter);
}

static void a_letter_can_be_posted_again(void **state)
{
    (void)state;
    struct loop loop;
    assert_int_equal(loop_init(&loop, "echo", NULL), 0);
    struct echo echo = {{NULL, on_echo}, &loop, 10};
    loop_post(&loop, &echo.letter);
    loop_run(&loop);
    loop_release(&loop);
    assert_int_equal(echo.left, -1);
}

/* What was posted and not delivered when the loop stopped is delivered at its release. */
static void nothing_posted_is_lost(void **state)
{
    (void)state;
    struct reader reader = {0};
    assert_int_equal(loop_init(&reader.loop, "late", NULL), 0);
    struct note *note = NEW(struct note);
    *note = (struct note){{NULL, on_note}, &reader, 0, 1};
    loop_post(&reader.loop, &note->letter);
    loop_release(&reader.loop);
    assert_int_equal(reader.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_arrive_in_order),
        cmocka_unit_test(a_letter_can_be_posted_again),
        cmocka_unit_test(nothing_posted_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

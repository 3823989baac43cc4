#include "config/problems.h"

#include <stdarg.h>

#include "base/alloc.h"

enum { PROBLEMS_MAX = 100 };

void problems_init(struct problems *problems)
{
    *problems = (struct problems){.memory = ARENA_INIT};
}

void problems_release(struct problems *problems)
{
    free(problems->at);
    arena_release(&problems->memory);
    problems_init(problems);
}

static struct problem *problem_slot(struct problems *problems)
{
    if (problems->count == problems->size) {
        problems->size = problems->size ? 2 * problems->size : 8;
        problems->at = alloc_again(problems->at, problems->size * sizeof(*problems->at));
    }
    return &problems->at[problems->count++];
}

void problems_add(struct problems *problems, int line, const char *format, ...)
{
    if (problems->count == PROBLEMS_MAX)
        return;
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_addv(&text, format, args);
    va_end(args);
    *problem_slot(problems) = (struct problem){line, arena_str(&problems->memory, buf_str(&text))};
    buf_release(&text);
}

/* Stable, so that two problems of one line stay in the order in which they were found. */
static void problems_sort(struct problems *problems)
{
    for (size_t i = 1; i < problems->count; i++) {
        struct problem moved = problems->at[i];
        size_t j = i;
        for (; j > 0 && problems->at[j - 1].line > moved.line; j--)
            problems->at[j] = problems->at[j - 1];
        problems->at[j] = moved;
    }
}

int problems_render(struct problems *problems, const char *name, struct buf *out)
{
    problems_sort(problems);
    for (size_t i = 0; i < problems->count; i++) {
        buf_addf(out, "%s:%d: ", name, problems->at[i].line);
        buf_add_str(out, problems->at[i].sentence);
        buf_add_byte(out, '\n');
    }
    return (int)problems->count;
}

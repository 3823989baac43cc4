#include "compose/remarks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SENTENCE_MAX = 700 };

void remarks_init(struct remarks *remarks)
{
    remarks->count = remarks->errors = remarks->warnings = 0;
    arena_init(&remarks->memory);
}

void remarks_release(struct remarks *remarks)
{
    arena_release(&remarks->memory);
    remarks_init(remarks);
}

static int compare_places(const struct place *a, const struct place *b)
{
    int order = str_compare(a->file, b->file);
    if (order != 0)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

static bool is_there(const struct remarks *remarks, struct place place, struct str text)
{
    for (size_t i = 0; i < remarks->count; i++)
        if (compare_places(&remarks->all[i].place, &place) == 0 &&
            str_eq(remarks->all[i].text, text))
            return true;
    return false;
}

static void add(struct remarks *remarks, bool is_error, struct place place, const char *format,
                va_list args)
{
    char sentence[SENTENCE_MAX];
    int len = vsnprintf(sentence, sizeof(sentence), format, args);
    struct str text = str_from(sentence, len < (int)sizeof(sentence) ? (size_t)(len < 0 ? 0 : len)
                                                                     : sizeof(sentence) - 1);
    if (sentence[0] >= 'a' && sentence[0] <= 'z')
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    if (is_there(remarks, place, text))
        return;
    remarks->errors += is_error;
    remarks->warnings += !is_error;
    if (remarks->count == REMARKS_MAX)
        return;
    place.file = arena_str(&remarks->memory, place.file);
    remarks->all[remarks->count++] =
        (struct remark){is_error, place, arena_str(&remarks->memory, text)};
}

void remark_error(struct remarks *remarks, struct place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(remarks, true, place, format, args);
    va_end(args);
}

void remark_warning(struct remarks *remarks, struct place place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(remarks, false, place, format, args);
    va_end(args);
}

static int compare_remarks(const void *a, const void *b)
{
    const struct remark *x = a, *y = b;
    int order = compare_places(&x->place, &y->place);
    return order ? order : str_compare(x->text, y->text);
}

void remarks_sort(struct remarks *remarks)
{
    qsort(remarks->all, remarks->count, sizeof(remarks->all[0]), compare_remarks);
}

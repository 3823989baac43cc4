/*
 * Any bytes as a line of `tocsin render`: there is always one answer, an object that is an output,
 * an abort, or an error with its place or without one; asked again, it is the same. A moment that
 * is taken lies within the years that can be written.
 */
#include <assert.h>

#include "base/clock.h"
#include "cli/moment.h"
#include "cli/render_line.h"

enum { LONGEST = 16 * 1024 };

static void check_error(const json_t *answer)
{
    const json_t *line = json_object_get(answer, "line"),
                 *column = json_object_get(answer, "column");
    assert(json_object_size(answer) == 3);
    assert(json_string_length(json_object_get(answer, "error")) > 0);
    assert(line && column && json_typeof(line) == json_typeof(column));
    if (json_is_integer(line))
        assert(json_integer_value(line) > 0 && json_integer_value(column) > 0);
    else
        assert(json_is_null(line));
}

static void check_answer(const json_t *answer)
{
    assert(json_is_object(answer));
    if (json_object_get(answer, "error"))
        return check_error(answer);
    assert(json_object_size(answer) == 1);
    assert(json_is_string(json_object_get(answer, "output")) ||
           json_is_string(json_object_get(answer, "aborted")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct render_desk desk;
    struct str line = str_from(data, size);
    int64_t unix_s;
    if (size > LONGEST)
        return 0;
    clock_hold(INT64_C(1704067318000000));
    if (moment_parse(line, &unix_s))
        assert(unix_s >= INT64_C(-62167305600) && unix_s <= INT64_C(253402387200));
    json_t *answer = render_line(&desk, line), *again = render_line(&desk, line);
    check_answer(answer);
    assert(json_equal(answer, again));
    json_decref(answer);
    json_decref(again);
    render_desk_release(&desk);
    return 0;
}

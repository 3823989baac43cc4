/*
 * One line of `tocsin render`: a template and its data as a JSON object, and the answer to it.
 *
 *     {"template": "Hi {{ name }}", "data": {"name": "Ann"}}  ->  {"output": "Hi Ann"}
 *
 * Every line has an answer: what is wrong with it is one too. Nothing here reads or prints.
 */
#ifndef TOCSIN_CLI_RENDER_LINE_H
#define TOCSIN_CLI_RENDER_LINE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* What is used again from line to line; zeroed at first. */
struct render_desk {
    struct arena data, scratch;
    struct buf out;
};

void render_desk_release(struct render_desk *desk);

/*
 * Answers the line: {"output"} or {"aborted"}, the reason of an abort_message; or {"error", "line",
 * "column"}, where the last two are null if the fault is not in the template. The caller
 * json_decrefs it.
 */
json_t *render_line(struct render_desk *desk, struct str line);

/* An answer for what was wrong outside of the template. */
json_t *render_refusal(struct str sentence);

#endif

/* {% abort_message chain %}: this rendering ends, for the reason given. */
#include "template/parser.h"
#include "template/render.h"

static enum flow render_abort(struct render *r, const struct node *n)
{
    struct value v = eval_chain(r, n->chain);
    struct str reason = render_str(r, &v);
    bool given = str_trim(reason).len > 0;
    render_stop(r, given ? reason : STR("The message is not for this contact."));
    return FLOW_STOP;
}

static int parse_abort(struct parser *p, struct node *n)
{
    if (parser_output(p, n) < 0)
        return -1;
    if (!n->render)
        return parser_fail(
            p, "{%% abort_message %%} needs a reason: {%% abort_message 'No city' %%}.");
    n->render = render_abort;
    n->blank = true;
    return 0;
}

const struct tag tag_abort = {"abort_message", parse_abort};

/* Anything as an audience: a sentence or a tree, and a tree written out is read as the same tree.
 */
#include <assert.h>

#include "audience/segment.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *word_of(enum segment_kind kind)
{
    return kind == SEGMENT_LIST ? "list" : kind == SEGMENT_EMAIL ? "email" : "job";
}

/* The text says the same as what was made of it. */
static void check_job(const struct segment_node *node)
{
    struct str state = node->text, number = str_cut(&state, ':');
    uint64_t job;
    assert(node->job > 0 && str_to_u64(number, &job) && job == node->job);
    assert(node->by_state == (state.at != NULL));
    if (node->by_state)
        assert(str_eq(state, str_of(recipient_state_name(node->state))));
}

static void write_out(struct buf *out, const struct segment_node *node)
{
    switch (node->kind) {
    case SEGMENT_ALL:
        buf_add_text(out, "all");
        return;
    case SEGMENT_JOB:
        check_job(node);
        /* fall through */
    case SEGMENT_LIST:
    case SEGMENT_EMAIL:
        assert(node->text.len && !str_find(node->text, '"'));
        buf_addf(out, "%s:\"%.*s\"", word_of(node->kind), STR_ARG(node->text));
        return;
    case SEGMENT_NOT:
        buf_add_text(out, "not ");
        write_out(out, node->left);
        return;
    case SEGMENT_AND:
    case SEGMENT_OR:
        buf_add_byte(out, '(');
        write_out(out, node->left);
        buf_add_text(out, node->kind == SEGMENT_AND ? " and " : " or ");
        write_out(out, node->right);
        buf_add_byte(out, ')');
        return;
    }
}

static bool is_same(const struct segment_node *a, const struct segment_node *b)
{
    if (!a || !b)
        return a == b;
    return a->kind == b->kind && str_eq(a->text, b->text) && a->job == b->job &&
           is_same(a->left, b->left) && is_same(a->right, b->right);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct segment segment, again;
    struct err err = {""};
    struct buf text = BUF_INIT;
    if (segment_parse((struct str){(const char *)data, size}, &segment, &err) < 0) {
        assert(err.text[0]);
    } else {
        write_out(&text, segment.root);
        /* Written with all its parentheses it may be too long or too deep to be read. */
        if (segment_parse(buf_str(&text), &again, &err) == 0)
            assert(is_same(segment.root, again.root));
        else
            assert(strstr(err.text, "longer than") || strstr(err.text, "levels deep"));
        segment_release(&again);
    }
    segment_release(&segment);
    buf_release(&text);
    return 0;
}

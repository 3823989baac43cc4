#include "compose/inspect.h"

#include "compose/inspecting.h"
#include "compose/shipped.h"
#include "template/markdown.h"

static void blank_at(const void *ctx, size_t index, struct str *name, struct str *source)
{
    const struct template_partials *real = ctx;
    real->at(real->ctx, index, name, source);
    *source = STR("");
}

void partials_blank(const struct template_partials *real, struct template_partials *out)
{
    *out = (struct template_partials){.ctx = real, .count = real->count, .at = blank_at};
}

unsigned count_characters(struct str s)
{
    unsigned count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.at[i] & 0xC0) != 0x80;
    return count;
}

bool may_look(struct inspecting *in, size_t bytes)
{
    if (bytes > LOOKED_MAX - in->looked)
        return false;
    in->looked += bytes;
    return true;
}

struct place place_in_text(struct inspecting *in, const char *at)
{
    struct str text = in->bundle.text, before;
    struct walk *walk = &in->walk;
    if (!at || at < text.at || at > text.at + text.len)
        return (struct place){.file = STR("")};
    if (!walk->at || at < walk->at)
        *walk = (struct walk){text.at, 1, 1};
    before = str_from(walk->at, (size_t)(at - walk->at));
    if (!may_look(in, before.len))
        return (struct place){.file = STR("")};
    if (walk->at == text.at && str_starts(before, STR("\xEF\xBB\xBF")))
        before = str_skip(before, 3);
    for (const char *end; (end = str_find(before, '\n')); walk->line++, walk->column = 1)
        before = str_skip(before, (size_t)(end - before.at) + 1);
    walk->column += count_characters(before);
    walk->at = at;
    return (struct place){STR(""), walk->line, walk->column};
}

const char *sentence_without_place(const char *sentence, unsigned line, unsigned column)
{
    char prefix[64];
    int len = column ? snprintf(prefix, sizeof(prefix), "Line %u, column %u: ", line, column)
                     : snprintf(prefix, sizeof(prefix), "Line %u: ", line);
    return strncmp(sentence, prefix, (size_t)len) == 0 ? sentence + len : sentence;
}

struct str shortened(struct str text)
{
    size_t len = text.len < SHORT_MAX ? text.len : SHORT_MAX;
    while (len < text.len && len > 0 && ((unsigned char)text.at[len] & 0xC0) == 0x80)
        len--;
    return str_from(text.at, len);
}

static void add_library(struct inspecting *in)
{
    const struct library *library = in->with->senders->library;
    for (size_t i = 0; i < library->count; i++)
        bundle_add(&in->bundle, library->files[i]);
    for (size_t i = 0; i < shipped_count(); i++)
        bundle_add(&in->bundle, shipped_file(i));
    partials_init(&in->html, &in->bundle, ".html", &in->memory);
    partials_init(&in->text, &in->bundle, ".txt", &in->memory);
}

static bool cut(struct inspecting *in)
{
    struct err err;
    struct place place = {.file = STR("")};
    bool cut = bundle_read(in->with->source, &in->memory, &in->bundle, &err) == 0;
    if (cut && in->bundle.text.len <= MESSAGE_MAX_SIZE) {
        cut = draft_read(in->bundle.text, &in->draft, &err) == 0;
        place.line = in->draft.fault_line;
    } else if (cut) {
        cut = false;
        err_set(&err, "The message has %zu bytes; at most %d are taken.", in->bundle.text.len,
                MESSAGE_MAX_SIZE);
    }
    if (cut)
        add_library(in);
    else
        remark_error(in->out, place, "%s", sentence_without_place(err.text, place.line, 0));
    return cut;
}

/* A contact of whom nothing is known, and what its copy would see. */
static void make_scope(struct inspecting *in)
{
    const struct message *m = in->mailing->message;
    const struct mailbox *from = m->has_from ? &m->from : &in->sender->from;
    char token[TOKEN_LENGTH + 1];
    struct buf url = BUF_INIT;
    in->tokens = token_maker_new(&in->with->senders->tokens);
    in->nobody = (struct contact){.address = STR("somebody@example.org"), .attributes = STR("")};
    token_make(in->tokens, TOKEN_UNSUBSCRIBE, 0, 0, token);
    buf_addf(&url, "%.*s/u/%s", STR_ARG(in->sender->identity->base_url), token);
    in->scope = (struct scope){
        .txn = in->with->txn,
        .contact = &in->nobody,
        .mailing = in->mailing,
        .identity = in->sender->identity,
        .sender = from->name.len ? from->name : in->sender->identity->name,
        .unsubscribe = arena_str(&in->memory, buf_str(&url)),
        .names = &in->names,
        .tokens = in->tokens,
        .memory = &in->memory,
    };
    buf_release(&url);
}

static void make_content(struct inspecting *in)
{
    struct err err;
    if (in->draft.is_html)
        buf_add_str(&in->content, in->draft.body);
    else
        markdown_to_html(in->draft.body, &in->content, &err); /* it was compiled: it can be */
}

void message_inspect(const struct inspection *inspection, struct remarks *out)
{
    struct inspecting in = {
        .with = inspection,
        .out = out,
        .sender = senders_find(inspection->senders, inspection->identity),
    };
    if (cut(&in) && inspect_syntax(&in)) {
        make_content(&in);
        make_scope(&in);
        inspect_names(&in);
        inspect_links(&in);
        inspect_images(&in);
        inspect_words(&in);
        inspect_copy(&in);
    }
    remarks_sort(out);
    buf_release(&in.content);
    mailing_unref(in.mailing);
    token_maker_free(in.tokens);
    arena_release(&in.memory);
}

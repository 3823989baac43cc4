/* What message_compile refuses, with the place where it stands, and as much of it at once as can be
 * told apart. The compiler itself is asked last, for all that is not known here. */
#include "base/suggest.h"
#include "compose/enclose.h"
#include "compose/inspecting.h"
#include "compose/tracking.h"

static bool compiles(struct str source, unsigned first_line,
                     const struct template_partials *partials, struct template_error *error)
{
    struct template_options options = {.first_line = first_line, .partials = partials};
    struct template *t = template_compile(source, &options, error);
    template_free(t);
    return t != NULL;
}

/* Somebody else's file: its lines are its own. */
static void check_file(struct inspecting *in, const struct bundle_file *file,
                       const struct template_partials *partials)
{
    struct template_error error;
    if (compiles(file->data, 1, partials, &error))
        return;
    struct place place = {file->name, error.line, error.column};
    remark_error(in->out, place, "%s",
                 sentence_without_place(error.text, error.line, error.column));
}

/* One of them has a fault; each is looked at apart from the others. */
static void check_partials(struct inspecting *in, const struct partials *partials)
{
    struct template_partials blank;
    partials_blank(&partials->all, &blank);
    for (size_t i = 0; i < in->bundle.count; i++) {
        const struct bundle_file *file = &in->bundle.files[i];
        const char *ending = partials == &in->html ? ".html" : ".txt";
        if (str_starts(file->name, STR("partials/")) && str_ends(file->name, str_of(ending)))
            check_file(in, file, &blank);
    }
}

/* A part of the message's text. */
static void check_template(struct inspecting *in, struct str source,
                           const struct partials *partials)
{
    struct template_error error;
    struct template_partials blank;
    struct place start = place_in_text(in, source.at);
    if (source.len == 0 || compiles(source, start.line, &partials->all, &error))
        return;
    partials_blank(&partials->all, &blank);
    if (compiles(source, start.line, &blank, &error)) {
        check_partials(in, partials);
        return;
    }
    unsigned shift = error.line == start.line ? start.column - 1 : 0;
    struct place place = {STR(""), error.line, error.column + shift};
    remark_error(in->out, place, "%s",
                 sentence_without_place(error.text, error.line, error.column));
}

/* "layouts/letter.html" of the layout "letter": ".html"; empty for other files. */
static struct str layout_ending(struct str file, struct str layout)
{
    struct str rest = str_skip(file, STR("layouts/").len);
    bool is_one = str_starts(file, STR("layouts/")) && str_starts(rest, layout);
    return is_one ? str_skip(rest, layout.len) : STR("");
}

static void tell_layout(struct inspecting *in, struct str name)
{
    struct place place = place_in_text(in, in->draft.layout.value.at);
    for (size_t i = 0; i < in->bundle.count; i++) {
        struct str known = str_skip(in->bundle.files[i].name, STR("layouts/").len);
        if (!str_eq(layout_ending(in->bundle.files[i].name, STR("")), known) ||
            !str_ends(known, STR(".html")))
            continue;
        known.len -= STR(".html").len;
        if (!suggest_is_near(name, known))
            continue;
        remark_error(in->out, place, "There is no layout \"%.*s\": did you mean \"%.*s\"?",
                     STR_ARG(shortened(name)), STR_ARG(known));
        return;
    }
    remark_error(in->out, place, "There is no layout \"%.*s\".", STR_ARG(shortened(name)));
}

static void check_layout(struct inspecting *in)
{
    struct str name = draft_layout(&in->draft);
    bool found = name.len == 0;
    for (size_t i = 0; name.len && i < in->bundle.count; i++) {
        const struct bundle_file *file = &in->bundle.files[i];
        struct str ending = layout_ending(file->name, name);
        if (str_eq(ending, STR(".html")))
            check_file(in, file, &in->html.all);
        else if (str_eq(ending, STR(".txt")))
            check_file(in, file, &in->text.all);
        found = found || str_eq(ending, STR(".html"));
    }
    if (!found)
        tell_layout(in, name);
}

static void check_labels(struct inspecting *in)
{
    const struct draft *d = &in->draft;
    const struct {
        const char *name;
        const struct draft_field *field;
    } labels[] = {{"Topic", &d->topic}, {"List-Id", &d->list_id}, {"Language", &d->language}};
    struct err err;
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        struct str value = labels[i].field->value;
        if (message_label_check(labels[i].name, value, &err) != 0)
            remark_error(in->out, place_in_text(in, value.at), "%s", err.text);
    }
}

static void check_mailbox(struct inspecting *in, const char *name, struct str value)
{
    struct mailbox mailbox;
    struct err err;
    if (value.at && mailbox_parse(value, &in->memory, &mailbox, &err) != 0)
        remark_error(in->out, place_in_text(in, value.at), "%s: %s", name, err.text);
}

static void check_fields(struct inspecting *in)
{
    const struct draft *d = &in->draft;
    struct utm utm;
    struct err err;
    check_labels(in);
    check_mailbox(in, "From", d->from.value);
    check_mailbox(in, "Reply-To", d->reply_to.value);
    if (tracking_parse_utm(d->utm.value, &utm, &err) != 0)
        remark_error(in->out, place_in_text(in, d->utm.value.at), "%s", err.text);
}

static void check_files(struct inspecting *in)
{
    for (size_t i = 0; i < in->draft.file_count; i++) {
        struct str path = in->draft.files[i].path;
        if (!bundle_find(&in->bundle, "files/", path))
            remark_error(in->out, place_in_text(in, path.at),
                         "The file \"%.*s\" did not come along with the message.", STR_ARG(path));
    }
}

static void check_sender(struct inspecting *in)
{
    struct err err;
    bool has_from = in->draft.from.value.at != NULL;
    if (sender_check(in->sender, in->with->identity, has_from, &err) != 0)
        remark_error(in->out, (struct place){.file = STR("")}, "%s", err.text);
}

/* The lines that the compiler's sentences may begin with are those of files. */
static void tell(struct inspecting *in, const char *sentence)
{
    struct place place = {.file = STR("")};
    const char *rest = sentence;
    for (size_t i = 0; rest == sentence && i < in->draft.file_count; i++) {
        place.line = in->draft.files[i].line;
        rest = sentence_without_place(sentence, place.line, 0);
    }
    place.line = rest == sentence ? 0 : place.line;
    remark_error(in->out, place, "%s", rest);
}

static void compile(struct inspecting *in)
{
    struct job_record job = {.lane = LANE_BULK, .identity = in->sender->identity->name};
    struct message *message = NULL;
    struct buf bytes = BUF_INIT;
    struct err err;
    if (enclose(in->with->source, in->with->senders->library, &bytes, &err) == 0)
        message = message_compile(buf_str(&bytes), &err);
    if (message)
        in->mailing = mailing_new(&job, message);
    else
        tell(in, err.text);
    buf_release(&bytes);
}

bool inspect_syntax(struct inspecting *in)
{
    check_fields(in);
    check_files(in);
    check_template(in, in->draft.subject.value, &in->text);
    check_template(in, in->draft.preheader.value, &in->html);
    check_template(in, in->draft.body, &in->html);
    check_layout(in);
    bool fine = in->out->errors == 0;
    check_sender(in);
    if (fine && in->sender)
        compile(in);
    return in->mailing != NULL;
}

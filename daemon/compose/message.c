#include "compose/message.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "compose/page.h"
#include "compose/partials.h"
#include "compose/shipped.h"
#include "compose/tracking.h"
#include "template/language.h"

/* What is at hand while a message is compiled. */
struct making {
    struct message *message;
    struct draft draft;
    struct bundle bundle;
    struct partials html, text;
    struct tracking tracking;
    struct err *err;
};

int message_label_check(const char *field, struct str label, struct err *err)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_' || c == '.';
        if (!fine || label.len > 60)
            return err_set(
                err,
                "%s \"%.*s\" is no label: use at most 60 letters (a-z), digits, \"-\", \"_\" "
                "and \".\".",
                field, STR_ARG(label));
    }
    return 0;
}

static int take_label(struct making *m, const char *field, struct str value, struct str *out)
{
    *out = arena_str(&m->message->memory, value);
    return message_label_check(field, value, m->err);
}

/* Errors must name the lines that people wrote, so what they wrote is compiled as it stands once,
 * before its lines are moved. */
static int check_liquid(struct making *m, struct str text, unsigned first_line)
{
    struct template *t = part_template(text, first_line, &m->html.all, m->err);
    template_free(t);
    return t ? 0 : -1;
}

static int read_mailbox(struct making *m, const char *field, struct str value, struct mailbox *out,
                        bool *has)
{
    *has = value.at != NULL;
    if (!*has || mailbox_parse(value, &m->message->memory, out, m->err) == 0)
        return 0;
    return err_prefix(m->err, "%s", field);
}

static int read_fields(struct making *m)
{
    struct message *out = m->message;
    const struct draft *d = &m->draft;
    out->preheader = arena_str(&out->memory, d->preheader.value);
    out->words = template_language_find(d->language.value);
    if (take_label(m, "Topic", d->topic.value, &out->topic) != 0 ||
        take_label(m, "List-Id", d->list_id.value, &out->list_id) != 0 ||
        take_label(m, "Language", d->language.value, &out->language) != 0 ||
        read_mailbox(m, "From", d->from.value, &out->from, &out->has_from) != 0)
        return -1;
    m->tracking.track = !str_eq_nocase(d->track.value, STR("no"));
    if (tracking_parse_utm(d->utm.value, &m->tracking.utm, m->err) != 0)
        return err_prefix(m->err, "Line %u", d->utm.line);
    return read_mailbox(m, "Reply-To", d->reply_to.value, &out->reply_to, &out->has_reply_to);
}

static int compile_html(struct making *m)
{
    struct message *out = m->message;
    struct buf page = BUF_INIT, shown = BUF_INIT, tracked = BUF_INIT;
    int result = -1;
    if (page_html(&m->draft, &m->bundle, &m->html.all, &page, m->err) == 0 &&
        enclosed_show(&out->enclosed, &m->draft, buf_str(&page), &shown, m->err) == 0 &&
        tracking_apply(&m->tracking, buf_str(&shown), &m->html.all, &out->memory, &out->links,
                       &out->link_count, &tracked, m->err) == 0)
        result = part_compile(&out->html, buf_str(&tracked), &m->html.all, &out->memory, m->err);
    struct buf *all[] = {&page, &shown, &tracked};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        buf_release(all[i]);
    return result;
}

/* The files are large, and the same for everybody. */
static void make_tail(struct making *m, struct str bytes)
{
    struct message *out = m->message;
    struct buf tail = BUF_INIT;
    snprintf(out->unique, sizeof(out->unique), "%016llx",
             (unsigned long long)hash_stable(bytes.at, bytes.len));
    struct mime mime = message_mime(out);
    mime_finish(&mime, &tail);
    out->tail = arena_str(&out->memory, buf_str(&tail));
    buf_release(&tail);
}

struct mime message_mime(const struct message *m)
{
    return (struct mime){.unique = str_of(m->unique),
                         .texts = {{.type = "text/plain"}, {.type = "text/html"}},
                         .text_count = 2,
                         .images = m->enclosed.images,
                         .image_count = m->enclosed.image_count,
                         .files = m->enclosed.files,
                         .file_count = m->enclosed.file_count};
}

static int compile_text(struct making *m)
{
    struct buf page = BUF_INIT;
    int result = page_text(&m->draft, &m->bundle, &m->text.all, &page, m->err);
    if (result == 0)
        result = part_compile(&m->message->text, buf_str(&page), &m->text.all, &m->message->memory,
                              m->err);
    buf_release(&page);
    return result;
}

static int compile(struct making *m)
{
    const struct draft *d = &m->draft;
    if (read_fields(m) != 0 ||
        enclosed_prepare(d, &m->bundle, &m->message->memory, &m->message->enclosed, m->err) != 0 ||
        check_liquid(m, d->body, d->body_line) != 0 ||
        check_liquid(m, d->preheader.value, d->preheader.line) != 0)
        return -1;
    m->message->subject = part_template(d->subject.value, d->subject.line, &m->text.all, m->err);
    if (!m->message->subject || compile_html(m) != 0)
        return -1;
    return compile_text(m);
}

static int check_text(struct str text, struct err *err)
{
    if (text.len > MESSAGE_MAX_SIZE)
        return err_set(err, "The message has %zu bytes; at most %d are taken.", text.len,
                       MESSAGE_MAX_SIZE);
    if (!str_is_utf8(text))
        return err_set(err, "The message is not valid UTF-8: save the file as UTF-8.");
    return 0;
}

static int read_bundle(struct making *m, struct str bytes)
{
    if (bundle_read(bytes, &m->message->memory, &m->bundle, m->err) != 0 ||
        check_text(m->bundle.text, m->err) != 0)
        return -1;
    for (size_t i = 0; i < shipped_count(); i++)
        bundle_add(&m->bundle, shipped_file(i));
    partials_init(&m->html, &m->bundle, ".html", &m->message->memory);
    partials_init(&m->text, &m->bundle, ".txt", &m->message->memory);
    return draft_read(m->bundle.text, &m->draft, m->err);
}

struct message *message_compile(struct str bytes, struct err *err)
{
    struct making m = {.message = NEW(struct message), .err = err};
    if (read_bundle(&m, bytes) == 0 && compile(&m) == 0) {
        make_tail(&m, bytes);
        return m.message;
    }
    message_free(m.message);
    return NULL;
}

void message_free(struct message *message)
{
    if (!message)
        return;
    template_free(message->subject);
    part_release(&message->html);
    part_release(&message->text);
    arena_release(&message->memory);
    free(message);
}

/* One copy, as a contact of whom nothing is known would get it: what shows only when it is made. */
#include "compose/inspecting.h"
#include "mail/encode.h"
#include "mail/quoted.h"

enum {
    SUBJECT_LONG = 70,         /* characters: more is cut off on a telephone, and in many lists */
    HTML_LARGE = 80 * 1024,    /* bytes, from which on it is worth a word, */
    HTML_CLIPPED = 102 * 1024, /* and beyond which Gmail shows nothing */
};

static int render(struct inspecting *in, const struct template *t, enum render_escape escape,
                  struct buf *out, struct template_error *error)
{
    struct template_scope scope = scope_for(&in->scope);
    struct render_options options = {.escape = escape,
                                     .now_s = in->with->now,
                                     .zone = in->with->senders->zone,
                                     .language = in->mailing->message->words};
    return template_render(t, &scope, &options, &in->memory, out, error);
}

static void tell_fault(struct inspecting *in, const char *what, struct place place,
                       const struct template_error *error)
{
    remark_warning(in->out, place,
                   "For a contact without any data the %s cannot be made, and the copy is "
                   "skipped: %s",
                   what, error->text);
}

/* False if there is no copy to go on with. */
static bool inspect_subject(struct inspecting *in, struct buf *subject)
{
    struct place place = place_in_text(in, in->draft.subject.value.at);
    struct template_error error;
    int result = render(in, in->mailing->message->subject, ESCAPE_NONE, subject, &error);
    in->scope.subject = buf_str(subject);
    size_t length = count_characters(str_trim(in->scope.subject));
    if (result == -1)
        tell_fault(in, "subject", place, &error);
    if (result == 0 && length == 0)
        remark_warning(in->out, place,
                       "The subject is empty for a contact without any data, and the copy is "
                       "skipped: give its names a default.");
    if (length > SUBJECT_LONG)
        remark_warning(in->out, place,
                       "The subject has %zu characters: many mail programs cut it off after "
                       "about %d.",
                       length, SUBJECT_LONG);
    return result == 0;
}

/* To a server that takes 7-bit text only. */
static size_t size_as_sent(struct str html)
{
    struct buf encoded = BUF_INIT;
    struct quoted quoted;
    if (encode_choose(html) == ENCODING_BASE64) {
        encode_base64_text(&encoded, html);
    } else {
        quoted_begin(&quoted, &encoded);
        quoted_add(&quoted, html);
    }
    size_t size = encoded.len;
    buf_release(&encoded);
    return size;
}

static void inspect_size(struct inspecting *in, struct str html)
{
    size_t size = size_as_sent(html);
    struct place nowhere = {.file = STR("")};
    if (size > HTML_CLIPPED)
        remark_warning(in->out, nowhere,
                       "The HTML has %zu KB as it is sent: Gmail cuts off what is beyond 102 KB, "
                       "and with it the link to unsubscribe. Shorten it.",
                       size / 1024);
    else if (size > HTML_LARGE)
        remark_warning(in->out, nowhere,
                       "The HTML has %zu KB as it is sent; Gmail cuts off what is beyond 102 KB.",
                       size / 1024);
}

void inspect_copy(struct inspecting *in)
{
    const struct message *m = in->mailing->message;
    struct place nowhere = {.file = STR("")};
    struct buf subject = BUF_INIT, html = BUF_INIT, text = BUF_INIT;
    struct template_error error;
    int result = -2;
    if (inspect_subject(in, &subject))
        result = render(in, m->html.template, ESCAPE_HTML, &html, &error);
    if (result == -1)
        tell_fault(in, "HTML", nowhere, &error);
    if (result == 0)
        inspect_size(in, buf_str(&html));
    if (result == 0 && render(in, m->text.template, ESCAPE_NONE, &text, &error) == -1)
        tell_fault(in, "plain text", nowhere, &error);
    buf_release(&subject);
    buf_release(&html);
    buf_release(&text);
}

#include "compose/message.h"

#include "base/alloc.h"
#include "template/markdown.h"
#include "template/text.h"

/* What one file says, before it is compiled. */
struct source {
    struct str subject, from, reply_to, topic, list_id, preheader, language, layout;
    unsigned subject_line, preheader_line;
    struct str body;
    unsigned body_line;
};

struct field {
    const char *name;
    size_t place; /* of a struct str in struct source */
};

static const struct field fields[] = {
    {"Subject", offsetof(struct source, subject)},
    {"From", offsetof(struct source, from)},
    {"Reply-To", offsetof(struct source, reply_to)},
    {"Topic", offsetof(struct source, topic)},
    {"List-Id", offsetof(struct source, list_id)},
    {"Preheader", offsetof(struct source, preheader)},
    {"Language", offsetof(struct source, language)},
    {"Layout", offsetof(struct source, layout)},
};

static struct str *field_place(struct source *source, struct str name)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (str_eq_nocase(name, str_of(fields[i].name)))
            return (struct str *)(void *)((char *)source + fields[i].place);
    return NULL;
}

static int read_field(struct source *source, struct str line, unsigned number, struct err *err)
{
    struct str value = line;
    struct str name = str_cut(&value, ':');
    if (!value.at)
        return err_set(
            err,
            "Line %u is no header field (\"Name: value\"): the header ends with an empty "
            "line, and the text follows it.",
            number);
    struct str *place = field_place(source, str_trim(name));
    if (!place)
        return err_set(
            err,
            "Line %u: there is no header field \"%.*s\"; there are Subject, From, Reply-To, "
            "Topic, List-Id, Preheader, Language and Layout.",
            number, STR_ARG(str_trim(name)));
    if (place->at)
        return err_set(err, "Line %u: the field %.*s stands here a second time.", number,
                       STR_ARG(str_trim(name)));
    *place = str_trim(value);
    if (!place->at)
        *place = STR("");
    if (place == &source->subject)
        source->subject_line = number;
    if (place == &source->preheader)
        source->preheader_line = number;
    return 0;
}

/* header-field LF … LF body. A line end may be CRLF; an empty line ends the header. */
static int read_header(struct source *source, struct str rest, struct err *err)
{
    unsigned number = 1;
    for (; rest.at; number++) {
        struct str line = str_cut(&rest, '\n');
        if (str_trim(line).len == 0)
            break;
        if (line.at[0] == ' ' || line.at[0] == '\t')
            return err_set(err, "Line %u begins with a space: write each field on one line.",
                           number);
        if (read_field(source, line, number, err) != 0)
            return -1;
    }
    source->body = rest;
    source->body_line = number + 1;
    return 0;
}

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

/* HTML begins with a tag; Liquid may stand before it. */
static bool is_html(const struct source *source)
{
    struct str rest = str_trim(source->body);
    while (str_starts(rest, STR("{%")) || str_starts(rest, STR("{{"))) {
        const char *end = memmem(rest.at, rest.len, rest.at[1] == '%' ? "%}" : "}}", 2);
        if (!end)
            return false;
        rest = str_trim(str_skip(rest, (size_t)(end - rest.at) + 2));
    }
    return rest.len && rest.at[0] == '<';
}

static int check_source(const struct source *source, struct err *err)
{
    if (str_trim(source->subject).len == 0)
        return err_set(err,
                       "The message has no Subject: begin the file with a line \"Subject: …\".");
    if (str_trim(source->body).len == 0)
        return err_set(err,
                       "The message has no text: write it below the header and an empty line.");
    if (source->layout.at && !str_eq(source->layout, STR("letter")) &&
        !str_eq(source->layout, STR("none")))
        return err_set(
            err, "There is no layout \"%.*s\": there are \"letter\" (the default) and \"none\".",
            STR_ARG(source->layout));
    if (is_html(source) && (source->layout.at || source->preheader.at))
        return err_set(err, "Layout and Preheader are for messages in Markdown: an HTML message is "
                            "sent as it is, so write them into it.");
    if (message_label_check("Topic", source->topic, err) != 0 ||
        message_label_check("List-Id", source->list_id, err) != 0 ||
        message_label_check("Language", source->language, err) != 0)
        return -1;
    return 0;
}

/* Errors must name the lines that people wrote, so what is Markdown is compiled as it stands once,
 * before its lines are moved. */
static int check_liquid(struct str text, unsigned first_line, struct err *err)
{
    struct template *t = part_template(text, first_line, err);
    template_free(t);
    return t ? 0 : -1;
}

static void add_letter_head(struct buf *html, const struct source *source)
{
    buf_add_text(html, "<!DOCTYPE html>\n<html");
    if (source->language.len)
        buf_addf(html, " lang=\"%.*s\"", STR_ARG(source->language));
    buf_add_text(html, ">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<title></title>\n</head>\n<body style=\"margin:0;padding:0\">\n"
                       "<div style=\"max-width:600px;margin:0 auto;padding:16px;"
                       "font:16px/1.5 Georgia,'Times New Roman',serif\">\n");
}

/* The preheader is what mail programs show beside the subject: first in the body, not displayed. */
static int add_preheader(struct buf *html, const struct source *source, struct err *err)
{
    if (!source->preheader.len)
        return 0;
    buf_add_text(html, "<div style=\"display:none;max-height:0;overflow:hidden\">");
    if (markdown_to_html(source->preheader, html, err) != 0)
        return -1;
    buf_add_text(html, "</div>\n");
    return 0;
}

static int make_html(const struct source *source, struct buf *html, struct err *err)
{
    if (is_html(source)) {
        buf_add_str(html, source->body);
        return 0;
    }
    bool letter = !str_eq(source->layout, STR("none"));
    if (letter)
        add_letter_head(html, source);
    if (add_preheader(html, source, err) != 0 || markdown_to_html(source->body, html, err) != 0)
        return -1;
    if (letter)
        buf_add_text(html, "</div>\n</body>\n</html>\n");
    return 0;
}

static int make_text(const struct source *source, struct buf *text, struct err *err)
{
    return is_html(source) ? text_from_html(source->body, text, err)
                           : text_from_markdown(source->body, text, err);
}

static int compile_parts(struct message *m, const struct source *source, struct err *err)
{
    struct buf html = BUF_INIT, text = BUF_INIT;
    int result = -1;
    if (make_html(source, &html, err) == 0 && make_text(source, &text, err) == 0 &&
        (m->subject = part_template(source->subject, source->subject_line, err)) &&
        part_compile(&m->html, buf_str(&html), &m->memory, err) == 0)
        result = part_compile(&m->text, buf_str(&text), &m->memory, err);
    buf_release(&html);
    buf_release(&text);
    return result;
}

static int read_mailboxes(struct message *m, const struct source *source, struct err *err)
{
    m->has_from = source->from.at != NULL;
    m->has_reply_to = source->reply_to.at != NULL;
    if (m->has_from && mailbox_parse(source->from, &m->memory, &m->from, err) != 0)
        return err_prefix(err, "From");
    if (m->has_reply_to && mailbox_parse(source->reply_to, &m->memory, &m->reply_to, err) != 0)
        return err_prefix(err, "Reply-To");
    return 0;
}

static int fill(struct message *m, const struct source *source, struct err *err)
{
    m->topic = arena_str(&m->memory, source->topic);
    m->list_id = arena_str(&m->memory, source->list_id);
    m->language = arena_str(&m->memory, source->language);
    if (check_source(source, err) != 0 || read_mailboxes(m, source, err) != 0 ||
        check_liquid(source->body, source->body_line, err) != 0 ||
        check_liquid(source->preheader, source->preheader_line, err) != 0)
        return -1;
    return compile_parts(m, source, err);
}

struct message *message_compile(struct str text, struct err *err)
{
    struct source source = {0};
    if (text.len > MESSAGE_MAX_SIZE) {
        err_set(err, "The message has %zu bytes; at most %d are taken.", text.len,
                MESSAGE_MAX_SIZE);
        return NULL;
    }
    if (!str_is_utf8(text)) {
        err_set(err, "The message is not valid UTF-8: save the file as UTF-8.");
        return NULL;
    }
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_skip(text, 3);
    if (read_header(&source, text, err) != 0)
        return NULL;
    struct message *m = NEW(struct message);
    if (fill(m, &source, err) != 0) {
        message_free(m);
        return NULL;
    }
    return m;
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

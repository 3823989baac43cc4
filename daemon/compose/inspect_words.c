/* The words of a message: what spam filters and people stumble over in its header and its text. */
#include "compose/inspecting.h"
#include "template/images.h"
#include "template/inline_css.h"
#include "template/text.h"

enum {
    CAPITALS_MIN = 10, /* letters of a subject that are all capitals */
    MARKS_MAX = 2,     /* exclamation marks of a subject */
    LETTERS_MIN = 60,  /* of a message with an image, beside it */
};

/* Letters (and what is beyond ASCII) outside of Liquid and of <addresses>. */
struct letters {
    size_t all, small, capital, marks;
};

/* What of it begins with "{{", "{%" or "<", and is not letters up to where it ends. */
struct skipped {
    const char *opening, *closing;
    bool endless; /* none ends from here on: it is not searched again */
};

/* How many bytes at the beginning of `rest` one of them takes; 0: none is there, or it has no end.
 */
static size_t skipped_length(struct str rest, struct skipped *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct skipped *s = &all[i];
        size_t len = strlen(s->closing);
        if (s->endless || !str_starts(rest, str_of(s->opening)))
            continue;
        const char *end = memmem(rest.at, rest.len, s->closing, len);
        s->endless = !end;
        return end ? (size_t)(end - rest.at) + len : 0;
    }
    return 0;
}

static struct letters count_letters(struct str text)
{
    struct skipped skipped[] = {{"{{", "}}", false}, {"{%", "%}", false}, {"<", ">", false}};
    struct letters n = {0};
    while (text.len > 0) {
        char c = text.at[0];
        size_t len = c == '{' || c == '<' ? skipped_length(text, skipped, 3) : 0;
        text = str_skip(text, len ? len : 1);
        n.marks += c == '!';
        n.small += c >= 'a' && c <= 'z';
        n.capital += c >= 'A' && c <= 'Z';
        n.all += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 (unsigned char)c >= 0xC0;
    }
    return n;
}

static void inspect_subject(struct inspecting *in)
{
    static const char *const prefixes[] = {"re:", "fwd:", "fw:"};
    struct str subject = in->draft.subject.value;
    struct place place = place_in_text(in, subject.at);
    struct letters letters = count_letters(subject);
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (str_starts_nocase(subject, str_of(prefixes[i])))
            remark_warning(in->out, place,
                           "The subject begins with \"%.*s\" as an answer does: spam filters and "
                           "readers take that for fraud.",
                           (int)strlen(prefixes[i]), subject.at);
    if (letters.capital >= CAPITALS_MIN && letters.small == 0)
        remark_warning(in->out, place,
                       "The subject is all in capital letters: spam filters mark that.");
    if (letters.marks > MARKS_MAX)
        remark_warning(in->out, place,
                       "The subject has %zu exclamation marks: spam filters mark that.",
                       letters.marks);
}

static void inspect_preheader(struct inspecting *in)
{
    if (in->draft.preheader.value.len == 0 && draft_layout(&in->draft).len)
        remark_warning(in->out, (struct place){.file = STR("")},
                       "There is no Preheader, the line that mail programs show beside the "
                       "subject: they will take the beginning of the text.");
}

static size_t count_images(struct inspecting *in)
{
    struct image *images;
    size_t count, seen = 0;
    struct err err;
    if (images_find(buf_str(&in->content), &in->memory, &images, &count, &err) != 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        seen += !images[i].is_pixel;
    return seen;
}

static void inspect_text(struct inspecting *in)
{
    struct place nowhere = {.file = STR("")};
    struct buf text = BUF_INIT;
    struct err err;
    int result = in->draft.is_html ? text_from_html(in->draft.body, &text, &err)
                                   : text_from_markdown(in->draft.body, &text, &err);
    size_t letters = result == 0 ? count_letters(buf_str(&text)).all : LETTERS_MIN;
    if (letters < LETTERS_MIN && count_images(in) > 0)
        remark_warning(in->out, nowhere,
                       "The message is images with hardly any text: who does not see them reads "
                       "nothing, and spam filters mark that.");
    else if (str_trim(buf_str(&text)).len == 0 && result == 0)
        remark_warning(in->out, nowhere,
                       "The text part is empty: whoever reads plain text gets nothing.");
    buf_release(&text);
}

static void take_css_fault(void *ctx, unsigned line, const char *sentence)
{
    struct inspecting *in = ctx;
    struct place place = {STR(""), in->draft.body_line - 1 + line, 0};
    remark_warning(in->out, place, "%s", sentence);
}

/* The style sheets of a layout are not the writer's. */
static void inspect_style(struct inspecting *in)
{
    struct css_report report = {in, take_css_fault};
    struct buf inlined = BUF_INIT;
    struct err err;
    if (in->draft.is_html &&
        css_inline_reported(buf_str(&in->content), &report, &inlined, &err) != 0)
        remark_warning(in->out, (struct place){.file = STR("")}, "%s", err.text);
    buf_release(&inlined);
}

void inspect_words(struct inspecting *in)
{
    inspect_subject(in);
    inspect_preheader(in);
    inspect_text(in);
    inspect_style(in);
}

#include "compose/draft.h"

#include <stddef.h>

struct field {
    const char *name;
    size_t place; /* of a struct draft_field in struct draft */
};

#define PLACE(member) offsetof(struct draft, member)

static const struct field fields[] = {
    {"Subject", PLACE(subject)},   {"From", PLACE(from)},       {"Reply-To", PLACE(reply_to)},
    {"Topic", PLACE(topic)},       {"List-Id", PLACE(list_id)}, {"Preheader", PLACE(preheader)},
    {"Language", PLACE(language)}, {"Layout", PLACE(layout)},   {"Track", PLACE(track)},
    {"UTM", PLACE(utm)},
};

static struct draft_field *field_place(struct draft *draft, struct str name)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (str_eq_nocase(name, str_of(fields[i].name)))
            return (struct draft_field *)(void *)((char *)draft + fields[i].place);
    return NULL;
}

struct str draft_file_name(const struct draft_file *file)
{
    struct str name = file->path;
    for (size_t i = 0; i < file->path.len; i++)
        if (file->path.at[i] == '/')
            name = str_skip(file->path, i + 1);
    return name;
}

/* Two files of one name would be one to the recipient, and one cid. */
static int add_file(struct draft *draft, struct draft_file file, struct err *err)
{
    struct str name = draft_file_name(&file);
    if (name.len == 0 || name.len > 200)
        return err_set(err, "Line %u: write the name of a file, as in \"Attach: report.pdf\".",
                       file.line);
    if (draft->file_count == DRAFT_FILES_MAX)
        return err_set(err, "Line %u: at most %d files go along with a message.", file.line,
                       DRAFT_FILES_MAX);
    for (size_t i = 0; i < draft->file_count; i++)
        if (str_eq(draft_file_name(&draft->files[i]), name))
            return err_set(err, "Line %u: a file named \"%.*s\" goes along already (line %u).",
                           file.line, STR_ARG(name), draft->files[i].line);
    draft->files[draft->file_count++] = file;
    return 0;
}

static int read_field(struct draft *draft, struct str line, unsigned number, struct err *err)
{
    struct str value = line;
    struct str name = str_trim(str_cut(&value, ':'));
    if (!value.at)
        return err_set(
            err,
            "Line %u is no header field (\"Name: value\"): the header ends with an empty "
            "line, and the text follows it.",
            number);
    value = str_trim(value);
    bool shown = str_eq_nocase(name, STR("Inline"));
    if (shown || str_eq_nocase(name, STR("Attach")))
        return add_file(draft, (struct draft_file){value, number, shown}, err);
    struct draft_field *place = field_place(draft, name);
    if (!place)
        return err_set(
            err,
            "Line %u: there is no header field \"%.*s\"; there are Subject, From, Reply-To, Topic, "
            "List-Id, Preheader, Language, Layout, Track, UTM, Attach and Inline.",
            number, STR_ARG(name));
    if (place->value.at)
        return err_set(err, "Line %u: the field %.*s stands here a second time.", number,
                       STR_ARG(name));
    *place = (struct draft_field){value.at ? value : STR(""), number};
    return 0;
}

/* A line end may be CRLF; an empty line ends the header. */
static int read_header(struct draft *draft, struct str rest, struct err *err)
{
    unsigned number = 1;
    for (; rest.at; number++) {
        struct str line = str_cut(&rest, '\n');
        draft->fault_line = number;
        if (str_trim(line).len == 0)
            break;
        if (line.at[0] == ' ' || line.at[0] == '\t')
            return err_set(err, "Line %u begins with a space: write each field on one line.",
                           number);
        if (read_field(draft, line, number, err) != 0)
            return -1;
    }
    draft->fault_line = 0;
    draft->body = rest;
    draft->body_line = number + 1;
    return 0;
}

/* HTML begins with a tag; Liquid may stand before it. */
static bool is_html(struct str body)
{
    struct str rest = str_trim(body);
    while (str_starts(rest, STR("{%")) || str_starts(rest, STR("{{"))) {
        const char *end = memmem(rest.at, rest.len, rest.at[1] == '%' ? "%}" : "}}", 2);
        if (!end)
            return false;
        rest = str_trim(str_skip(rest, (size_t)(end - rest.at) + 2));
    }
    return rest.len && rest.at[0] == '<';
}

static int check(struct draft *draft, struct err *err)
{
    if (str_trim(draft->subject.value).len == 0)
        return err_set(err,
                       "The message has no Subject: begin the file with a line \"Subject: …\".");
    if (str_trim(draft->body).len == 0)
        return err_set(err,
                       "The message has no text: write it below the header and an empty line.");
    draft->fault_line = draft->preheader.line;
    if (draft->preheader.value.len && draft_layout(draft).len == 0)
        return err_set(err,
                       "Line %u: a Preheader is put into a layout, and this message has none: "
                       "write it into the HTML.",
                       draft->preheader.line);
    struct str track = draft->track.value;
    draft->fault_line = draft->track.line;
    if (track.at && !str_eq_nocase(track, STR("yes")) && !str_eq_nocase(track, STR("no")))
        return err_set(err, "Line %u: Track is \"yes\" or \"no\".", draft->track.line);
    return 0;
}

int draft_read(struct str text, struct draft *out, struct err *err)
{
    *out = (struct draft){0};
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_skip(text, 3);
    if (read_header(out, text, err) != 0)
        return -1;
    out->is_html = is_html(out->body);
    return check(out, err);
}

struct str draft_layout(const struct draft *draft)
{
    struct str named = draft->layout.value;
    if (str_eq(named, STR("none")) || (draft->is_html && !named.len))
        return STR("");
    return named.len ? named : STR("letter");
}

#include "config/text.h"

enum { DEPTH_MAX = 16 };

/* A walk over the text. */
struct walk {
    struct str rest;
    int line;
    int depth;
    int opened[DEPTH_MAX]; /* the line of each brace that is open */
    bool equals;           /* "=" was the last that was not space */
    int list_line;         /* where the list that is open begins; 0: none is */
    bool list_value;       /* a value of it was the last, and no comma after it */
    struct buf *out;
    struct problems *problems;
};

static void walk_keep(struct walk *w, size_t n)
{
    buf_add(w->out, w->rest.at, n);
    w->rest = str_skip(w->rest, n);
}

static bool is_word(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || (c && strchr("-._:/@%[]~", c));
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* comment = "#" *any-but-LF */
static void walk_comment(struct walk *w)
{
    const char *end = str_find(w->rest, '\n');
    w->rest = str_skip(w->rest, end ? (size_t)(end - w->rest.at) : w->rest.len);
}

static void walk_newline(struct walk *w)
{
    walk_keep(w, 1);
    w->line++;
}

static void walk_equals(struct walk *w)
{
    walk_keep(w, 1);
    w->equals = true;
}

static void list_open(struct walk *w)
{
    walk_keep(w, 1);
    buf_add_text(w->out, " \"" CONFIG_LIST_MARK "\"");
    w->list_line = w->line;
    w->list_value = false;
}

static void list_close(struct walk *w)
{
    walk_keep(w, 1);
    w->list_line = 0;
}

static void list_comma(struct walk *w)
{
    if (!w->list_value)
        problems_add(w->problems, w->line, "There is no value before this comma: remove it.");
    w->list_value = false;
    w->rest = str_skip(w->rest, 1);
}

/* A list that goes on where it cannot. */
static void list_give_up(struct walk *w)
{
    problems_add(w->problems, w->list_line, "The list that begins here is not closed: add its }.");
    w->list_line = 0;
}

/* A value of the list that is open. Its comma is written before it, so that none is left at the
 * end: after that one libconfuse would not say that the list is closed. */
static void list_value(struct walk *w)
{
    buf_add_text(w->out, ", ");
    if (w->list_value)
        problems_add(w->problems, w->line,
                     "The values of a list have commas between them: add one.");
    w->list_value = true;
}

static void walk_open(struct walk *w)
{
    walk_keep(w, 1);
    buf_addf(w->out, " " CONFIG_LINE_OPTION " = %d ", w->line);
    if (w->depth < DEPTH_MAX)
        w->opened[w->depth] = w->line;
    w->depth++;
}

static void walk_close(struct walk *w)
{
    if (w->depth == 0)
        problems_add(w->problems, w->line,
                     "This } closes nothing: remove it, or add the { that is missing above it.");
    else
        w->depth--;
    walk_keep(w, 1);
}

/* What a string may not hold at its position i, as the sentence about it, or NULL. */
static const char *string_trouble(struct str s, size_t i)
{
    char quote = s.at[0];
    if (is_control(s.at[i]) && s.at[i] != '\t')
        return "A string holds a control character: remove it.";
    char next = i + 1 < s.len ? s.at[i + 1] : '\0';
    bool escapes = next == quote || next == '\\' || (next == 'n' && quote == '"');
    if (s.at[i] == '\\' && !escapes)
        return "A string holds a backslash before a character that needs none: write \\\\ for a "
               "backslash.";
    if (s.at[i] == '$' && i + 1 < s.len && s.at[i + 1] == '{')
        return "Variables (${…}) are not filled in here: write the value itself.";
    return NULL;
}

/* string = DQUOTE *(any / "\\" / "\" DQUOTE / "\n") DQUOTE, or with single quotes and without "\n";
 * on one line */
static void walk_string(struct walk *w)
{
    const char *trouble = "A string is not closed on its line: add the quotation mark.";
    const char *newline = str_find(w->rest, '\n');
    struct str s = {w->rest.at, newline ? (size_t)(newline - w->rest.at) : w->rest.len};
    for (size_t i = 1; i < s.len; i++) {
        if (s.at[i] == s.at[0]) {
            walk_keep(w, i + 1);
            return;
        }
        const char *found = string_trouble(s, i);
        if (found) {
            trouble = found;
            break;
        }
        i += s.at[i] == '\\';
    }
    problems_add(w->problems, w->line, "%s", trouble);
    w->rest = str_skip(w->rest, s.len);
}

static void walk_word(struct walk *w)
{
    size_t n = 0;
    while (n < w->rest.len && is_word(w->rest.at[n]))
        n++;
    struct str word = {w->rest.at, n};
    if (memmem(word.at, word.len, "//", 2))
        problems_add(w->problems, w->line,
                     "Comments begin with #, and text with // in it stands in double quotes.");
    walk_keep(w, n);
}

/* Leaves the whole line, since one wrong byte is seldom alone. */
static void walk_refuse(struct walk *w)
{
    char c = w->rest.at[0];
    if (c == ';' || c == ',')
        problems_add(w->problems, w->line, "Options need no \"%c\" between them: leave it out.", c);
    else if ((unsigned char)c > ' ' && (unsigned char)c < 0x7f)
        problems_add(w->problems, w->line, "\"%c\" has no meaning here: put text in double quotes.",
                     c);
    else
        problems_add(w->problems, w->line,
                     "Byte 0x%02x has no meaning here: put text in double quotes.",
                     (unsigned)(unsigned char)c);
    walk_comment(w);
}

static void walk_brace(struct walk *w, bool after_equals)
{
    if (w->rest.at[0] == '}' && w->list_line)
        list_close(w);
    else if (w->rest.at[0] == '}')
        walk_close(w);
    else if (after_equals)
        list_open(w);
    else
        walk_open(w);
}

/* What ends "=": a value, a brace, or what has no meaning. */
static void walk_token(struct walk *w)
{
    char c = w->rest.at[0];
    bool after_equals = w->equals;
    w->equals = false;
    if (c == '{' && w->list_line)
        list_give_up(w);
    if (w->list_line && (c == '"' || c == '\'' || is_word(c)))
        list_value(w);
    if (c == '{' || c == '}')
        walk_brace(w, after_equals);
    else if (c == '"' || c == '\'')
        walk_string(w);
    else if (is_word(c))
        walk_word(w);
    else if (c == ',' && w->list_line)
        list_comma(w);
    else
        walk_refuse(w);
}

static void walk_step(struct walk *w)
{
    char c = w->rest.at[0];
    if (c == '=' && w->list_line)
        list_give_up(w);
    if (c == '\n')
        walk_newline(w);
    else if (c == ' ' || c == '\t' || c == '\r')
        walk_keep(w, 1);
    else if (c == '=')
        walk_equals(w);
    else if (c == '#')
        walk_comment(w);
    else
        walk_token(w);
}

static void walk_end(struct walk *w)
{
    if (w->list_line)
        list_give_up(w);
    if (w->depth > 0 && w->depth <= DEPTH_MAX)
        problems_add(w->problems, w->opened[w->depth - 1],
                     "The block that begins here is not closed: add its }.");
    else if (w->depth > DEPTH_MAX)
        problems_add(w->problems, w->line, "More than %d blocks are not closed.", DEPTH_MAX);
    buf_add_byte(w->out, '\n');
}

static bool text_is_sane(struct str text, struct problems *problems)
{
    if (text.len > CONFIG_TEXT_MAX) {
        problems_add(problems, 1, "The file is longer than a configuration may be (1 MiB).");
        return false;
    }
    int line = 0;
    for (struct str rest = text; rest.at;) {
        line++;
        if (str_is_utf8(str_cut(&rest, '\n')))
            continue;
        problems_add(problems, line, "This line is not UTF-8: save the file as UTF-8.");
        return false;
    }
    return true;
}

int text_prepare(struct str text, struct buf *out, struct problems *problems)
{
    size_t before = problems->count;
    if (!text_is_sane(text, problems))
        return -1;
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_skip(text, 3);
    struct walk w = {.rest = text, .line = 1, .out = out, .problems = problems};
    while (w.rest.len)
        walk_step(&w);
    walk_end(&w);
    return problems->count == before ? 0 : -1;
}

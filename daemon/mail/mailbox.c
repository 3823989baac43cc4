#include "mail/mailbox.h"

static int quoted_address_error(struct err *err, struct str text, const struct address_fault *why)
{
    struct buf reason = BUF_INIT;
    address_fault_text(why, &reason);
    err_set(err, "The address \"%.*s\" %s.", STR_ARG(text), reason.at);
    buf_release(&reason);
    return -1;
}

static int take_address(struct str text, struct mailbox *out, struct err *err)
{
    struct address_fault why;
    if (address_parse(text, &out->address, &why))
        return quoted_address_error(err, text, &why);
    return 0;
}

/* Where the < of `name <address>` is: the first one outside quotes. */
static int find_bracket(struct str text, size_t *at, struct err *err)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"')
            quoted = !quoted;
        else if (quoted && text.at[i] == '\\')
            i++;
        else if (!quoted && text.at[i] == '<') {
            *at = i;
            return 0;
        }
    }
    if (quoted)
        return err_set(err, "The mailbox %.*s has a double quote that is not closed.",
                       STR_ARG(text));
    return err_set(err, "The mailbox %.*s ends with > but has no <.", STR_ARG(text));
}

/*
 * RFC 5322 §3.2.5, loosened to what people type: quoted strings and plain text in any order. Blanks
 * outside quotes count as one. `name` has room for all of `text`.
 */
static int decode_name(struct str text, char *name, size_t *len, struct err *err)
{
    bool quoted = false;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && c == '\\')
            c = text.at[++i]; /* find_bracket saw that the quotes are closed */
        else if (!quoted && c == ',')
            return err_set(err,
                           "The name \"%.*s\" has a comma: put the name in double quotes "
                           "(only one mailbox can stand here).",
                           STR_ARG(text));
        else if (!quoted && c == ' ' && n > 0 && name[n - 1] == ' ')
            continue;
        name[n++] = c;
    }
    *len = n;
    return 0;
}

static int check_text(struct str text, struct err *err)
{
    if (text.len > MAILBOX_TEXT_MAX)
        return err_set(err, "The mailbox has %zu bytes, and %d are allowed.", text.len,
                       (int)MAILBOX_TEXT_MAX);
    if (!str_is_utf8(text))
        return err_set(err, "The mailbox is not valid UTF-8.");
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
            return err_set(err, "The mailbox has a control character (such as a tab or the end of "
                                "a line) in it: write it on one line with plain spaces.");
    return 0;
}

/*
 * RFC 5322 §3.4, without groups and without comments:
 *
 *     mailbox      = name-addr / addr-spec
 *     name-addr    = [display-name] "<" addr-spec ">"
 *     display-name = phrase
 */
int mailbox_parse(struct str text, struct arena *arena, struct mailbox *out, struct err *err)
{
    text = str_trim(text);
    out->name = (struct str){NULL, 0};
    if (check_text(text, err))
        return -1;
    if (text.len == 0 || text.at[text.len - 1] != '>')
        return take_address(text, out, err);
    size_t bracket = 0;
    if (find_bracket(text, &bracket, err))
        return -1;
    char *name = arena_alloc(arena, bracket + 1);
    size_t len = 0;
    if (decode_name(str_trim(str_from(text.at, bracket)), name, &len, err))
        return -1;
    name[len] = '\0';
    out->name = str_from(name, len);
    return take_address(str_from(text.at + bracket + 1, text.len - bracket - 2), out, err);
}

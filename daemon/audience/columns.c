#include "audience/columns.h"

#include <utf8proc.h>

#include "audience/quote.h"
#include "store/names.h"

/* Headers that hold addresses when no column is named `email`, folded and without accents. */
static const char *const email_names[] = {
    "mail",           "e_mail",           "emails",
    "email_address",  "e_mail_address",   "mail_address",
    "courriel",       "adresse_email",    "adresse_e_mail",
    "adresse_mail",   "adresse_courriel", "adresse_electronique",
    "e_mail_adresse", "email_adresse",    "emailadresse",
    "e_mailadres",    "emailadres",       "correo_electronico",
    "contact_email",
};

struct column_work {
    struct columns *columns;
    const struct csv_row *header;
    struct str names[CSV_MAX_FIELDS]; /* folded */
    bool mapped[CSV_MAX_FIELDS];
    struct err *err;
};

/* `text` in another normal form; empty when memory is out or it is not UTF-8. Free it. */
static char *unicode_map(struct str text, utf8proc_option_t options)
{
    utf8proc_uint8_t *out = NULL;
    utf8proc_ssize_t len =
        utf8proc_map((const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.len, &out, options);
    return len < 0 ? NULL : (char *)out;
}

static bool is_name_character(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
        return true;
    default:
        return false;
    }
}

static void character_add(struct buf *out, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t len = utf8proc_encode_char(utf8proc_tolower(c), bytes);
    buf_add(out, bytes, (size_t)len);
}

/* What is read of a header: more makes no shorter name, and composing takes the square of it. */
static struct str header_front(struct str header)
{
    enum { FRONT = 4 * NAME_MAX_LENGTH };
    if (header.len <= FRONT)
        return header;
    header.len = FRONT;
    while (header.len && ((unsigned char)header.at[header.len] & 0xC0) == 0x80)
        header.len--;
    return header;
}

void column_name_add(struct buf *out, struct str header)
{
    /* Composed, because some systems write é as e and an accent. */
    char *composed = unicode_map(header_front(header), UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    struct str rest = str_of(composed);
    bool gap = false, any = false;
    while (rest.len) {
        utf8proc_int32_t c;
        utf8proc_ssize_t len =
            utf8proc_iterate((const utf8proc_uint8_t *)rest.at, (utf8proc_ssize_t)rest.len, &c);
        if (len <= 0)
            break;
        rest = str_skip(rest, (size_t)len);
        if (!is_name_character(c)) {
            gap = true;
            continue;
        }
        if (gap && any)
            buf_add_byte(out, '_');
        character_add(out, c);
        gap = false;
        any = true;
    }
    free(composed);
}

static struct str name_fold(struct columns *c, struct str header)
{
    struct buf name = BUF_INIT;
    column_name_add(&name, header);
    struct str kept = arena_str(&c->memory, buf_str(&name));
    buf_release(&name);
    return kept;
}

static bool is_email_name(struct str name)
{
    char *plain = unicode_map(name, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK);
    bool found = false;
    for (size_t i = 0; plain && i < sizeof(email_names) / sizeof(email_names[0]); i++)
        found = found || strcmp(plain, email_names[i]) == 0;
    free(plain);
    return found;
}

/* The headers as a list for a sentence: "Nom", "Prénom" and 7 more. */
static void headers_add(struct buf *out, const struct csv_row *header)
{
    enum { SHOWN = 5 };
    for (size_t i = 0; i < header->count && i < SHOWN; i++) {
        buf_add_text(out, i ? ", " : "");
        quote_add(out, header->fields[i]);
    }
    if (header->count > SHOWN)
        buf_addf(out, " and %zu more", header->count - SHOWN);
}

/* "2 ("Name")" */
static void column_add(struct buf *out, const struct csv_row *header, size_t i)
{
    buf_addf(out, "%zu (", i + 1);
    quote_add(out, header->fields[i]);
    buf_add_byte(out, ')');
}

static int columns_fail(struct column_work *w, struct buf *sentence)
{
    err_set(w->err, "%s", sentence->at);
    buf_release(sentence);
    return -1;
}

static int fail_unknown_column(struct column_work *w, struct str column)
{
    struct buf say = BUF_INIT;
    buf_add_text(&say, "There is no column ");
    quote_add(&say, column);
    buf_add_text(&say, " to map. The columns are ");
    headers_add(&say, w->header);
    buf_add_byte(&say, '.');
    return columns_fail(w, &say);
}

static int fail_no_email(struct column_work *w)
{
    struct buf say = BUF_INIT;
    buf_add_text(&say, "The file has no column \"email\". Its columns are ");
    headers_add(&say, w->header);
    buf_add_text(&say, ". Say which one holds the addresses with --map COLUMN=email.");
    return columns_fail(w, &say);
}

static int fail_two(struct column_work *w, size_t first, size_t second, const char *why)
{
    struct buf say = BUF_INIT;
    buf_add_text(&say, "Columns ");
    column_add(&say, w->header, first);
    buf_add_text(&say, " and ");
    column_add(&say, w->header, second);
    buf_addf(&say, " %s.", why);
    return columns_fail(w, &say);
}

static int fail_column(struct column_work *w, size_t i, const char *why)
{
    struct buf say = BUF_INIT;
    buf_add_text(&say, "Column ");
    column_add(&say, w->header, i);
    buf_addf(&say, " %s.", why);
    return columns_fail(w, &say);
}

/* Headers as they are written come before headers that only fold to the same name. */
static bool map_find(const struct column_work *w, const struct column_map *map, struct str name,
                     size_t *found)
{
    for (*found = 0; *found < w->header->count; ++*found)
        if (str_eq(w->header->fields[*found], map->column))
            return true;
    for (*found = 0; *found < w->header->count; ++*found)
        if (name.len && str_eq(w->names[*found], name))
            return true;
    return false;
}

/* Gives the mapped columns their new names. */
static int maps_use(struct column_work *w, const struct column_map *maps, size_t count)
{
    struct columns *c = w->columns;
    for (size_t i = 0; i < count; i++) {
        size_t at;
        if (!map_find(w, &maps[i], name_fold(c, maps[i].column), &at))
            return fail_unknown_column(w, maps[i].column);
        if (w->mapped[at])
            return fail_column(w, at, "is mapped twice");
        w->mapped[at] = true;
        w->names[at] = name_fold(c, maps[i].attribute);
        if (maps[i].attribute.len && w->names[at].len == 0)
            return fail_column(w, at, "is mapped to a name without letters or digits");
    }
    return 0;
}

static int email_take(struct column_work *w, size_t i, size_t *email)
{
    if (*email < w->header->count)
        return fail_two(w, *email, i,
                        "could both hold the addresses: say which one with --map COLUMN=email");
    *email = i;
    return 0;
}

static int email_find(struct column_work *w)
{
    size_t count = w->header->count, email = count;
    for (size_t i = 0; i < count; i++)
        if (str_eq(w->names[i], STR("email")) && email_take(w, i, &email) < 0)
            return -1;
    if (email == count)
        for (size_t i = 0; i < count; i++)
            if (!w->mapped[i] && is_email_name(w->names[i]) && email_take(w, i, &email) < 0)
                return -1;
    if (email == count)
        return fail_no_email(w);
    w->columns->means[email] = COLUMN_EMAIL;
    return 0;
}

static int attribute_take(struct column_work *w, size_t i)
{
    struct columns *c = w->columns;
    if (w->names[i].len > NAME_MAX_LENGTH)
        return fail_column(w, i, "has a name of more than 255 bytes: shorten it");
    for (size_t k = 0; k < i; k++)
        if (c->means[k] >= 0 && str_eq(w->names[k], w->names[i]))
            return fail_two(w, k, i,
                            "would become one attribute: rename one with --map COLUMN=ATTRIBUTE");
    if (c->attribute_count == CONTACT_MAX_ATTRIBUTES)
        return err_set(w->err,
                       "The file has more than %d attributes: leave some columns out with --map "
                       "COLUMN=.",
                       CONTACT_MAX_ATTRIBUTES);
    c->means[i] = (int16_t)c->attribute_count;
    c->attributes[c->attribute_count++] = w->names[i];
    return 0;
}

static int attributes_take(struct column_work *w)
{
    struct columns *c = w->columns;
    for (size_t i = 0; i < c->count; i++) {
        if (c->means[i] == COLUMN_EMAIL || w->names[i].len == 0)
            continue;
        if (attribute_take(w, i) < 0)
            return -1;
    }
    return 0;
}

static void names_fold(struct column_work *w)
{
    struct columns *c = w->columns;
    for (size_t i = 0; i < c->count; i++) {
        c->means[i] = COLUMN_LEFT_OUT;
        w->names[i] = name_fold(c, w->header->fields[i]);
    }
}

/* A header of signs only is most likely a mistake, unless a map left it out. */
static int names_check(struct column_work *w)
{
    for (size_t i = 0; i < w->header->count; i++)
        if (!w->mapped[i] && w->names[i].len == 0 && str_trim(w->header->fields[i]).len)
            return fail_column(w, i,
                               "has no letter or digit in its name: rename it with --map "
                               "COLUMN=ATTRIBUTE");
    return 0;
}

int columns_read(struct columns *c, const struct csv_row *header, const struct column_map *maps,
                 size_t map_count, struct err *err)
{
    struct column_work w = {.columns = c, .header = header, .err = err};
    *c = (struct columns){.count = header->count};
    arena_init(&c->memory);
    names_fold(&w);
    if (maps_use(&w, maps, map_count) < 0 || names_check(&w) < 0 || email_find(&w) < 0)
        return -1;
    return attributes_take(&w);
}

void columns_release(struct columns *c)
{
    arena_release(&c->memory);
}

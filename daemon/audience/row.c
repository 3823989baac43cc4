#include "audience/row.h"

#include "audience/quote.h"

/* No-break space, zero-width space, byte order mark, narrow no-break space, word joiner. */
static const struct str blanks[] = {
    {"\xC2\xA0", 2},     {"\xE2\x80\x8B", 3}, {"\xEF\xBB\xBF", 3},
    {"\xE2\x80\xAF", 3}, {"\xE2\x81\xA0", 3},
};

static size_t blank_at_start(struct str value)
{
    for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
        if (str_starts(value, blanks[i]))
            return blanks[i].len;
    return 0;
}

static size_t blank_at_end(struct str value)
{
    for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
        if (str_ends(value, blanks[i]))
            return blanks[i].len;
    return 0;
}

static bool is_plain_edge(struct str value)
{
    unsigned char first = (unsigned char)value.at[0];
    unsigned char last = (unsigned char)value.at[value.len - 1];
    return first > ' ' && first < 0x80 && last > ' ' && last < 0x80;
}

struct str value_trim(struct str value)
{
    size_t n;
    if (value.len == 0 || is_plain_edge(value))
        return value;
    do {
        value = str_trim(value);
        n = blank_at_start(value);
        value = str_skip(value, n);
        size_t end = blank_at_end(value);
        value.len -= end;
        n += end;
    } while (n);
    return value;
}

static bool row_is_empty(const struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (row->fields[i].len)
            return false;
    return true;
}

static bool row_has_surplus(const struct csv_row *row, const struct columns *columns)
{
    for (size_t i = columns->count; i < row->count; i++)
        if (row->fields[i].len)
            return true;
    return false;
}

static enum row_verdict row_refuse(struct buf *reason, const char *text)
{
    buf_add_text(reason, text);
    return ROW_BAD;
}

static enum row_verdict shape_check(const struct csv_row *row, const struct columns *columns,
                                    struct buf *reason)
{
    if (row->fault != CSV_FINE) {
        buf_addf(reason, "The row %s.", csv_fault_text(row->fault));
        return ROW_BAD;
    }
    if (row_is_empty(row))
        return ROW_EMPTY;
    if (row->count < columns->count || row_has_surplus(row, columns)) {
        buf_addf(reason, "The row has %zu field%s, the header has %zu.", row->count,
                 row->count == 1 ? "" : "s", columns->count);
        return ROW_BAD;
    }
    return ROW_GOOD;
}

static enum row_verdict address_read(struct str text, struct row_space *space,
                                     struct contact_row *out, struct buf *reason)
{
    struct address_fault fault;
    if (text.len == 0)
        return row_refuse(reason, "The address is empty.");
    if (address_parse(text, &space->address, &fault) < 0) {
        buf_add_text(reason, "The address ");
        quote_add(reason, text);
        buf_add_byte(reason, ' ');
        address_fault_text(&fault, reason);
        buf_add_byte(reason, '.');
        return ROW_BAD;
    }
    if (space->address.literal)
        return row_refuse(reason, "The address has a number in place of its domain.");
    out->address = address_text(&space->address);
    out->domain = address_domain(&space->address);
    out->key = address_key(&space->address, space->key);
    return ROW_GOOD;
}

enum row_verdict row_read(const struct csv_row *row, const struct columns *columns,
                          struct row_space *space, struct contact_row *out, struct buf *reason)
{
    enum row_verdict verdict = shape_check(row, columns, reason);
    out->attributes = space->attributes;
    out->attribute_count = 0;
    for (size_t i = 0; i < columns->count && verdict == ROW_GOOD; i++) {
        if (columns->means[i] == COLUMN_LEFT_OUT)
            continue;
        struct str value = value_trim(row->fields[i]);
        if (columns->means[i] == COLUMN_EMAIL)
            verdict = address_read(value, space, out, reason);
        else if (value.len)
            space->attributes[out->attribute_count++] =
                (struct contact_attribute){(uint32_t)columns->means[i], value};
    }
    return verdict;
}

#include "audience/contacts.h"

#include "audience/csv_field.h"
#include "audience/quote.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "mail/address.h"
#include "store/erasure.h"
#include "store/names.h"

static int address_refuse(struct str text, const struct address_fault *fault, struct err *err)
{
    struct buf say = BUF_INIT;
    buf_add_text(&say, "The address ");
    quote_add(&say, text);
    buf_add_byte(&say, ' ');
    address_fault_text(fault, &say);
    err_set(err, "%s.", say.at);
    buf_release(&say);
    return -1;
}

static int contact_missing(struct str text, bool barred, struct err *err)
{
    struct buf say = BUF_INIT;
    quote_add(&say, text);
    if (barred)
        err_set(err, "%s was erased, and asked never to be written to again.", say.at);
    else
        err_set(err, "There is no contact %s.", say.at);
    buf_release(&say);
    return -1;
}

int contact_lookup(struct txn *txn, struct str text, struct contact *out, struct err *err)
{
    struct address address;
    struct address_fault fault;
    char key[ADDRESS_MAX + 1];
    text = str_trim(text);
    if (address_parse(text, &address, &fault) < 0)
        return address_refuse(text, &fault, err);
    if (contact_find(txn, address_key(&address, key), out))
        return 0;
    bool barred = bar_has(txn, address_key(&address, key));
    return txn_failed(txn, err) < 0 ? -1 : contact_missing(text, barred, err);
}

bool contact_unbar(struct txn *txn, struct str text)
{
    struct address address;
    char key[ADDRESS_MAX + 1];
    return address_parse(str_trim(text), &address, NULL) == 0 &&
           bar_lift(txn, address_key(&address, key));
}

/* --- Export --- */

struct export_column {
    uint32_t attribute;
    struct str name;
};

struct contact_export {
    struct store *store;
    roaring_bitmap_t *set;
    roaring_uint32_iterator_t cursor;
    struct contact_export_options options;
    struct arena memory;
    struct export_column *columns;
    size_t count, room;
    bool headed;
};

/* Contacts that one read transaction looks at. */
enum { EXPORT_SLICE = 500 };

static bool column_note(void *ctx, uint32_t id, struct str name)
{
    struct contact_export *e = ctx;
    if (e->count == e->room) {
        e->room = e->room ? e->room * 2 : 32;
        e->columns = alloc_again(e->columns, e->room * sizeof(*e->columns));
    }
    e->columns[e->count++] = (struct export_column){id, arena_str(&e->memory, name)};
    return true;
}

static int columns_load(struct contact_export *e, struct err *err)
{
    struct txn txn;
    txn_begin(e->store, &txn);
    name_each(&txn, NAME_ATTRIBUTE, column_note, e);
    int rc = txn_failed(&txn, err);
    txn_end(&txn);
    return rc;
}

struct contact_export *contact_export_new(struct store *store, roaring_bitmap_t *set,
                                          const struct contact_export_options *options,
                                          struct err *err)
{
    struct contact_export *e = NEW(struct contact_export);
    e->store = store;
    e->set = set;
    e->options = *options;
    if (!e->options.separator)
        e->options.separator = ',';
    arena_init(&e->memory);
    roaring_init_iterator(set, &e->cursor);
    if (columns_load(e, err) == 0)
        return e;
    contact_export_free(e);
    return NULL;
}

void contact_export_free(struct contact_export *e)
{
    if (!e)
        return;
    roaring_bitmap_free(e->set);
    arena_release(&e->memory);
    free(e->columns);
    free(e);
}

static void value_add(const struct contact_export *e, struct buf *out, struct str value)
{
    if (e->options.raw)
        csv_field_add(out, value, e->options.separator);
    else
        csv_field_add_guarded(out, value, e->options.separator);
}

static void header_add(struct contact_export *e, struct buf *out)
{
    buf_add_text(out, "email");
    for (size_t i = 0; i < e->count; i++) {
        buf_add_byte(out, e->options.separator);
        value_add(e, out, e->columns[i].name);
    }
    buf_add_text(out, "\r\n");
    e->headed = true;
}

static void contact_add(const struct contact_export *e, struct buf *out,
                        const struct contact *contact)
{
    value_add(e, out, contact->address);
    for (size_t i = 0; i < e->count; i++) {
        buf_add_byte(out, e->options.separator);
        value_add(e, out, contact_value(contact, e->columns[i].attribute));
    }
    buf_add_text(out, "\r\n");
}

static int slice_add(struct contact_export *e, struct buf *out, size_t end, struct err *err)
{
    struct txn txn;
    struct contact contact;
    txn_begin(e->store, &txn);
    for (int n = 0; n < EXPORT_SLICE && e->cursor.has_value && out->len < end; n++) {
        if (contact_read(&txn, e->cursor.current_value, &contact))
            contact_add(e, out, &contact);
        roaring_advance_uint32_iterator(&e->cursor);
    }
    int rc = txn_failed(&txn, err);
    txn_end(&txn);
    return rc;
}

int contact_export_next(struct contact_export *e, struct buf *out, size_t size, struct err *err)
{
    size_t end = out->len + size;
    if (!e->headed)
        header_add(e, out);
    while (e->cursor.has_value && out->len < end)
        if (slice_add(e, out, end, err) < 0)
            return -1;
    return e->cursor.has_value ? 1 : 0;
}

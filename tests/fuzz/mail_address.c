/*
 * Addresses and mailboxes from strangers: what is accepted keeps every limit, its normal form is an
 * address again and stays the same, and a mailbox makes a header that reads back to itself.
 */
#include <stdint.h>

#include "mail/header.h"
#include "mail/word.h"

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bytes(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        CHECK((unsigned char)s.at[i] >= 0x20 && s.at[i] != 0x7F);
    CHECK(str_is_utf8(s));
}

static void check_address(const struct address *a)
{
    struct address again;
    char key[ADDRESS_MAX + 1];
    char again_key[ADDRESS_MAX + 1];
    struct str text = address_text(a);
    struct str domain = address_domain(a);
    CHECK(text.len <= ADDRESS_MAX && text.at[text.len] == '\0');
    CHECK(a->local_len > 0 && a->local_len <= ADDRESS_LOCAL_MAX && domain.len >= 3);
    CHECK(text.at[a->local_len] == '@' && str_is_ascii(domain));
    check_bytes(text);
    CHECK(a->utf8_local == !str_is_ascii(address_local(a)));
    CHECK(a->literal == (domain.at[0] == '['));
    CHECK(address_parse(text, &again, NULL) == 0);
    CHECK(str_eq(address_text(&again), text));
    CHECK(address_parse(address_key(a, key), &again, NULL) == 0);
    CHECK(str_eq(address_key(&again, again_key), address_key(a, key)));
}

static void check_fault(const struct address_fault *why)
{
    struct buf out = BUF_INIT;
    CHECK(why->kind > ADDRESS_OK && why->kind < ADDRESS_FAULTS);
    address_fault_text(why, &out);
    CHECK(out.len > 0 && out.len < 200);
    check_bytes(buf_str(&out));
    buf_release(&out);
}

/* Names that travel unencoded and unfolded must be read back as they were. */
static void check_mailbox(const struct mailbox *m)
{
    struct arena arena = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct buf scratch = BUF_INIT;
    struct mailbox again;
    header_add_mailbox(&out, "From", m);
    struct str value = str_skip(buf_str(&out), strlen("From: "));
    CHECK(str_ends(value, STR("\r\n")));
    value.len -= 2;
    if (!str_find(value, '\r')) {
        CHECK(mailbox_parse(value, &arena, &again, NULL) == 0);
        CHECK(str_eq(address_text(&again.address), address_text(&m->address)));
        bool encoded = memmem(value.at, value.len, "=?utf-8?", 8) != NULL;
        CHECK(encoded || str_eq(again.name, str_trim(word_clean(m->name, &scratch))));
    }
    buf_release(&out);
    buf_release(&scratch);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address a;
    struct address_fault why = {ADDRESS_OK, {NULL, 0}};
    struct mailbox m;
    struct arena arena = ARENA_INIT;
    struct str text = str_from(data, size);
    if (address_parse(text, &a, &why) == 0)
        check_address(&a);
    else
        check_fault(&why);
    if (mailbox_parse(text, &arena, &m, NULL) == 0) {
        check_address(&m.address);
        check_mailbox(&m);
    }
    arena_release(&arena);
    return 0;
}

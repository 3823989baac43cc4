#include "compose/clicks.h"

#include "template/date.h"

uint32_t contact_last_click(struct txn *txn, struct name_memory *names,
                            const struct contact *contact)
{
    struct date_moment at;
    uint32_t attribute = name_recall(names, txn, NAME_ATTRIBUTE, STR("last_clicked"));
    struct str text = attribute ? contact_value(contact, attribute) : STR("");
    if (!text.len || !date_parse(text, NULL, &at) || at.unix_s < 0 || at.unix_s > UINT32_MAX)
        return 0;
    return (uint32_t)at.unix_s;
}

#include "store/choices.h"

#include "store/names.h"
#include "store/sets.h"

struct str topic_key(struct str topic, char out[static TOPIC_MAX])
{
    size_t len = topic.len < TOPIC_MAX ? topic.len : TOPIC_MAX;
    for (size_t i = 0; i < len; i++) {
        char c = topic.at[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return str_from(out, len);
}

bool list_leave(struct txn *txn, uint32_t list, uint32_t contact)
{
    bool was_on = set_remove(txn, SET_LIST, list, contact);
    return set_add(txn, SET_LEFT_LIST, list, &contact, 1) || was_on;
}

bool list_join(struct txn *txn, uint32_t list, uint32_t contact)
{
    bool had_left = set_remove(txn, SET_LEFT_LIST, list, contact);
    return set_add(txn, SET_LIST, list, &contact, 1) || had_left;
}

bool topic_leave(struct txn *txn, struct str topic, uint32_t contact)
{
    char key[TOPIC_MAX];
    uint32_t id = name_intern(txn, NAME_TOPIC, topic_key(topic, key));
    return id && set_add(txn, SET_LEFT_TOPIC, id, &contact, 1);
}

bool topic_return(struct txn *txn, struct str topic, uint32_t contact)
{
    char key[TOPIC_MAX];
    uint32_t id = name_find(txn, NAME_TOPIC, topic_key(topic, key));
    return id && set_remove(txn, SET_LEFT_TOPIC, id, contact);
}

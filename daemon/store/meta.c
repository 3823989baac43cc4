/*
 * What the store says of itself.
 *
 * Table `meta`: key: a word            value:
 *               "version"              u32 BE, the layout of all tables; this program writes 1
 *               "secret"               u64 BE, chance: the seed of the address index
 *               "last_contact"         u32 BE, the largest contact id ever given
 *
 * Example, a new store: 76657273696f6e ("version") → 00000001
 */
#include "base/random.h"
#include "store/private.h"
#include "store/table.h"

enum { STORE_VERSION = 1 };

static struct key meta_key(struct str name)
{
    struct key key;
    KEY_INIT(&key);
    key_str(&key, name);
    return key;
}

static uint64_t meta_read(struct txn *txn, struct str name, size_t width)
{
    struct key key = meta_key(name);
    struct str value;
    if (!table_get(txn, TABLE_META, &key, &value))
        return 0;
    struct reader r = reader_of(value);
    if (value.len != width)
        txn_damaged(txn, TABLE_META, key_view(&key));
    return width == 8 ? read_u64(&r) : read_u32(&r);
}

uint32_t meta_number(struct txn *txn, struct str name)
{
    return (uint32_t)meta_read(txn, name, 4);
}

void meta_set_number(struct txn *txn, struct str name, uint32_t number)
{
    struct key key = meta_key(name);
    uint8_t value[4];
    write_u32(value, number);
    table_put(txn, TABLE_META, &key, str_from(value, sizeof(value)));
}

static void make_secret(struct txn *txn)
{
    struct key key = meta_key(STR("secret"));
    uint8_t value[8];
    write_u64(value, random_u64());
    table_put(txn, TABLE_META, &key, str_from(value, sizeof(value)));
}

int meta_open(struct txn *txn, struct err *err)
{
    uint32_t version = meta_number(txn, STR("version"));
    if (version == 0) {
        meta_set_number(txn, STR("version"), STORE_VERSION);
        make_secret(txn);
    }
    if (version > STORE_VERSION)
        return err_set(err,
                       "The data folder %s was written by a newer tocsind (store version %u, this "
                       "one knows %d): install that one, or choose another data_dir.",
                       txn->store->dir, version, STORE_VERSION);
    txn->store->secret = meta_read(txn, STR("secret"), 8);
    return txn_failed(txn, err);
}

uint64_t store_secret(const struct store *store)
{
    return store->secret;
}

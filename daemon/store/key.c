/* Keys and records, byte by byte. */
#include "store/table.h"

#include <endian.h>

static void key_add(struct key *key, const void *at, size_t len)
{
    size_t room = sizeof(key->at) - key->len;
    size_t fits = len < room ? len : room;
    if (fits)
        memcpy(key->at + key->len, at, fits);
    key->len += fits;
}

void key_u8(struct key *key, uint8_t n)
{
    key_add(key, &n, 1);
}

void key_u16(struct key *key, uint16_t n)
{
    uint8_t bytes[2];
    write_u16(bytes, n);
    key_add(key, bytes, sizeof(bytes));
}

void key_u32(struct key *key, uint32_t n)
{
    uint8_t bytes[4];
    write_u32(bytes, n);
    key_add(key, bytes, sizeof(bytes));
}

void key_u64(struct key *key, uint64_t n)
{
    uint8_t bytes[8];
    write_u64(bytes, n);
    key_add(key, bytes, sizeof(bytes));
}

void key_str(struct key *key, struct str s)
{
    key_add(key, s.at, s.len);
}

bool key_starts(struct str found, const struct key *prefix)
{
    return str_starts(found, key_view(prefix));
}

struct str text_cut(struct str text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max && ((unsigned char)text.at[max] & 0xC0) == 0x80)
        max--;
    return str_from(text.at, max);
}

struct str read_bytes(struct reader *r, size_t len)
{
    if (r->bad || len > r->left) {
        r->bad = true;
        r->left = 0;
        return (struct str){NULL, 0};
    }
    struct str bytes = str_from(r->at, len);
    r->at += len;
    r->left -= len;
    return bytes;
}

/* Takes a big-endian number of `width` bytes as it stands; zeros when the record is too short. */
static void read_raw(struct reader *r, void *number, size_t width)
{
    struct str bytes = read_bytes(r, width);
    memset(number, 0, width);
    if (bytes.len)
        memcpy(number, bytes.at, width);
}

uint8_t read_u8(struct reader *r)
{
    uint8_t n;
    read_raw(r, &n, sizeof(n));
    return n;
}

uint16_t read_u16(struct reader *r)
{
    uint16_t n;
    read_raw(r, &n, sizeof(n));
    return be16toh(n);
}

uint32_t read_u32(struct reader *r)
{
    uint32_t n;
    read_raw(r, &n, sizeof(n));
    return be32toh(n);
}

uint64_t read_u64(struct reader *r)
{
    uint64_t n;
    read_raw(r, &n, sizeof(n));
    return be64toh(n);
}

uint8_t *write_u8(uint8_t *at, uint8_t n)
{
    at[0] = n;
    return at + 1;
}

uint8_t *write_u16(uint8_t *at, uint16_t n)
{
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
    return at + 2;
}

uint8_t *write_u32(uint8_t *at, uint32_t n)
{
    return write_u16(write_u16(at, (uint16_t)(n >> 16)), (uint16_t)n);
}

uint8_t *write_u64(uint8_t *at, uint64_t n)
{
    return write_u32(write_u32(at, (uint32_t)(n >> 32)), (uint32_t)n);
}

uint8_t *write_bytes(uint8_t *at, struct str s)
{
    if (s.len)
        memcpy(at, s.at, s.len);
    return at + s.len;
}

#include "store/journal_file.h"

#include <xxhash.h>

#include "store/table.h"

enum { SYNCED_AT = 32, RECORD_HEAD = 15, RECORD_MIN = RECORD_HEAD };

static const char magic[] = "tocsinJ1";

/* -- Writing. */

/* Everything but checksum and length, which come last. */
static uint8_t *begin(uint8_t *out, enum journal_kind kind, uint32_t job, uint32_t contact)
{
    uint8_t *at = write_u8(out + 6, (uint8_t)kind);
    return write_u32(write_u32(at, job), contact);
}

static uint32_t checksum(const uint8_t *record, size_t len, uint64_t generation, size_t place)
{
    return (uint32_t)XXH3_64bits_withSeed(record + 4, len - 4, generation + place);
}

static size_t finish(uint8_t *out, const uint8_t *end, uint64_t generation, size_t place)
{
    size_t len = (size_t)(end - out);
    write_u16(out + 4, (uint16_t)len);
    write_u32(out, checksum(out, len, generation, place));
    return len;
}

static struct str cut_to(struct str s, size_t max)
{
    return str_from(s.at, s.len < max ? s.len : max);
}

size_t journal_write_began(uint8_t *out, uint64_t generation, size_t place,
                           const struct journal_began *began)
{
    uint8_t *at = begin(out, JOURNAL_BEGAN, began->job, began->contact);
    at = write_u32(at, began->domain);
    at = write_u32(at, began->message_version);
    at = write_u32(at, began->at);
    at = write_u16(at, began->attempt);
    at = write_bytes(at, cut_to(began->source, JOURNAL_SOURCE_MAX));
    return finish(out, at, generation, place);
}

size_t journal_write_returned(uint8_t *out, uint64_t generation, size_t place, uint32_t job,
                              uint32_t contact)
{
    return finish(out, begin(out, JOURNAL_RETURNED, job, contact), generation, place);
}

size_t journal_write_ended(uint8_t *out, uint64_t generation, size_t place, const struct outcome *o)
{
    uint8_t *at = begin(out, JOURNAL_ENDED, o->job, o->contact);
    at = write_u32(at, o->due);
    at = write_u32(at, o->at);
    at = write_u16(at, o->code);
    at = write_u8(at, (uint8_t)o->state);
    at = write_bytes(at, str_from(o->enhanced, sizeof(o->enhanced)));
    at = write_bytes(at, str_from(o->text, o->text_len));
    return finish(out, at, generation, place);
}

void journal_write_header(uint8_t out[JOURNAL_HEADER], uint64_t generation)
{
    memset(out, 0, JOURNAL_HEADER);
    memcpy(out, magic, JOURNAL_MAGIC);
    write_u64(out + JOURNAL_MAGIC, generation);
    write_u64(out + JOURNAL_SUMMED, XXH3_64bits(out, JOURNAL_SUMMED));
}

void journal_write_synced(uint8_t header[JOURNAL_HEADER], uint64_t progress)
{
    write_u64(header + SYNCED_AT, progress);
    write_u64(header + SYNCED_AT + 8, ~progress);
}

/* -- Reading. */

enum lap_state {
    LAP_VALID,
    LAP_UNUSED, /* its magic is not there yet: it was just being taken into use */
    LAP_BLANK,  /* zeros: as a new file is, until its first sync */
    LAP_BAD
};

struct lap {
    struct str bytes;
    size_t offset; /* in the file */
    enum lap_state state;
    uint64_t generation;
    size_t synced; /* 0 when its note is torn, or of another generation */
};

static bool all_zero(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] != 0)
            return false;
    return true;
}

static void read_header(struct lap *lap)
{
    struct reader r = reader_of(str_from(lap->bytes.at, JOURNAL_HEADER));
    struct str said = read_bytes(&r, JOURNAL_MAGIC);
    lap->generation = read_u64(&r);
    uint64_t sum = read_u64(&r);
    read_u64(&r);
    uint64_t synced = read_u64(&r), place = synced & UINT32_MAX;
    bool known = read_u64(&r) == ~synced && synced == journal_progress(lap->generation, place);
    lap->synced = known ? place : 0;
    lap->state = LAP_BAD;
    if (str_eq(said, str_from(magic, JOURNAL_MAGIC)) &&
        sum == XXH3_64bits(lap->bytes.at, JOURNAL_SUMMED) && lap->generation > 0)
        lap->state = LAP_VALID;
    else if (all_zero(said))
        lap->state = all_zero(str_from(lap->bytes.at, JOURNAL_SUMMED + 8)) ? LAP_BLANK : LAP_UNUSED;
}

/* The laps of a file; false when it is too small to hold any. */
static bool read_laps(struct str file, struct lap laps[JOURNAL_LAPS])
{
    size_t size = file.len / JOURNAL_LAPS;
    if (size < JOURNAL_HEADER + JOURNAL_RECORD_MAX)
        return false;
    for (size_t i = 0; i < JOURNAL_LAPS; i++) {
        laps[i] = (struct lap){.bytes = str_from(file.at + i * size, size), .offset = i * size};
        read_header(&laps[i]);
    }
    return true;
}

/* The lap of a generation, or NULL. */
static const struct lap *lap_of(const struct lap laps[JOURNAL_LAPS], uint64_t generation)
{
    for (size_t i = 0; i < JOURNAL_LAPS; i++)
        if (laps[i].state == LAP_VALID && laps[i].generation == generation)
            return &laps[i];
    return NULL;
}

static const struct lap *newest_of(const struct lap laps[JOURNAL_LAPS])
{
    const struct lap *newest = NULL;
    for (size_t i = 0; i < JOURNAL_LAPS; i++)
        if (laps[i].state == LAP_VALID && (!newest || laps[i].generation > newest->generation))
            newest = &laps[i];
    return newest;
}

uint64_t journal_newest(struct str file)
{
    struct lap laps[JOURNAL_LAPS];
    const struct lap *newest = read_laps(file, laps) ? newest_of(laps) : NULL;
    return newest ? newest->generation : 0;
}

static bool parse_began(struct reader *r, struct journal_record *out)
{
    out->began.domain = read_u32(r);
    out->began.message_version = read_u32(r);
    out->began.at = read_u32(r);
    out->began.attempt = read_u16(r);
    out->began.source = read_bytes(r, r->left);
    return !r->bad && out->began.source.len <= JOURNAL_SOURCE_MAX;
}

static bool parse_ended(struct reader *r, struct journal_record *out)
{
    struct outcome *o = &out->outcome;
    *o = (struct outcome){.job = out->began.job, .contact = out->began.contact};
    o->due = read_u32(r);
    o->at = read_u32(r);
    o->code = read_u16(r);
    unsigned state = read_u8(r);
    for (size_t i = 0; i < sizeof(o->enhanced); i++)
        o->enhanced[i] = read_u8(r);
    struct str text = read_bytes(r, r->left);
    if (r->bad || state >= RECIPIENT_STATES || text.len > LEDGER_TEXT_MAX)
        return false;
    o->state = (enum recipient_state)state;
    outcome_set_text(o, text);
    return true;
}

static bool parse_body(struct str body, struct journal_record *out)
{
    struct reader r = reader_of(body);
    out->kind = (enum journal_kind)read_u8(&r);
    out->began = (struct journal_began){.job = read_u32(&r)};
    out->began.contact = read_u32(&r);
    switch (out->kind) {
    case JOURNAL_BEGAN:
        return parse_began(&r, out);
    case JOURNAL_RETURNED:
        return !r.bad && r.left == 0;
    case JOURNAL_ENDED:
        return parse_ended(&r, out);
    }
    return false;
}

/* The record at a place: its length, or 0 when there is none. */
static size_t parse_record(const struct lap *lap, size_t place, struct journal_record *out)
{
    struct str rest = str_from(lap->bytes.at + place, lap->bytes.len - place);
    struct reader r = reader_of(rest);
    uint32_t sum = read_u32(&r);
    size_t len = read_u16(&r);
    if (r.bad || len < RECORD_MIN || len > rest.len || len > JOURNAL_RECORD_MAX)
        return 0;
    if (checksum((const uint8_t *)rest.at, len, lap->generation, place) != sum)
        return 0;
    return parse_body(str_from(rest.at + 6, len - 6), out) ? len : 0;
}

static int read_lap(const struct lap *lap,
                    void (*each)(void *ctx, const struct journal_record *record), void *ctx,
                    struct err *err)
{
    struct journal_record record;
    size_t place = JOURNAL_HEADER;
    for (size_t len; (len = parse_record(lap, place, &record)) > 0; place += len)
        each(ctx, &record);
    if (place >= lap->synced)
        return 0;
    return err_set(err, "is damaged at byte %zu: records follow that were on disk.",
                   lap->offset + place);
}

/* Once something was synced, all headers were there. */
static bool is_damaged(const struct lap *lap, const struct lap *newest)
{
    return lap->state == LAP_BAD || (lap->state == LAP_BLANK && newest && newest->synced > 0);
}

int journal_read(struct str file, void (*each)(void *ctx, const struct journal_record *record),
                 void *ctx, struct err *err)
{
    struct lap laps[JOURNAL_LAPS];
    if (all_zero(file)) /* while it is made, of any length */
        return 0;
    if (!read_laps(file, laps))
        return err_set(err, "is cut off: %zu bytes are too few for a journal.", file.len);
    const struct lap *newest = newest_of(laps);
    for (size_t i = 0; i < JOURNAL_LAPS; i++)
        if (is_damaged(&laps[i], newest))
            return err_set(err, "is damaged at byte %zu: that is no header of a lap.",
                           laps[i].offset);
    const struct lap *before = newest ? lap_of(laps, newest->generation - 1) : NULL;
    if (before && read_lap(before, each, ctx, err) != 0)
        return -1;
    return newest ? read_lap(newest, each, ctx, err) : 0;
}

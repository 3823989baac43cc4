#include "template/zone.h"

#include "base/alloc.h"
#include "template/zone_rule.h"

struct zone {
    struct template_zone view; /* its ctx is this zone */
    size_t count;              /* of the moments at which clocks were set */
    int64_t *moments;          /* in ascending order */
    uint8_t *after;            /* which of `times` begins at each of them */
    struct zone_time *times;   /* times[0] is what holds before the first moment */
    bool has_rule;             /* for what is after the last moment */
    struct zone_rule rule;
};

/* The six numbers of a header (RFC 8536 section 3.1), in their order. */
struct header {
    uint8_t version;
    uint32_t universals, standards, leaps, moments, times, letters;
};

enum { HEADER_SIZE = 44, TIME_SIZE = 6, SHORT = 4, LONG = 8 };

static uint32_t be32(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static int64_t be_signed(const char *at, size_t size)
{
    if (size == SHORT)
        return (int32_t)be32(at);
    return (int64_t)((uint64_t)be32(at) << 32 | be32(at + 4));
}

static bool take(struct str *rest, uint64_t len, struct str *out)
{
    if (rest->len < len)
        return false;
    *out = (struct str){rest->at, (size_t)len};
    *rest = str_skip(*rest, (size_t)len);
    return true;
}

static bool take_header(struct str *rest, struct header *h)
{
    struct str bytes;
    if (!take(rest, HEADER_SIZE, &bytes) || !str_starts(bytes, STR("TZif")))
        return false;
    uint32_t *const counts[] = {&h->universals, &h->standards, &h->leaps,
                                &h->moments,    &h->times,     &h->letters};
    h->version = (uint8_t)bytes.at[4];
    for (size_t i = 0; i < 6; i++)
        *counts[i] = be32(bytes.at + 20 + 4 * i);
    return true;
}

static uint64_t body_size(const struct header *h, size_t moment)
{
    return (uint64_t)h->moments * (moment + 1) + (uint64_t)h->times * TIME_SIZE + h->letters +
           (uint64_t)h->leaps * (moment + 4) + h->standards + h->universals;
}

/* *moment is how many bytes a moment has in the block that counts, whose header is left in *h. */
static bool take_headers(struct str *rest, struct header *h, size_t *moment)
{
    struct str old;
    *moment = SHORT;
    if (!take_header(rest, h))
        return false;
    if (h->version == '\0')
        return true;
    *moment = LONG;
    return h->version >= '2' && take(rest, body_size(h, SHORT), &old) && take_header(rest, h);
}

static bool read_moments(struct zone *z, struct str bytes, struct str after, const struct header *h)
{
    size_t size = h->moments ? bytes.len / h->moments : 0;
    z->count = h->moments;
    z->moments = alloc_zero(z->count, sizeof(*z->moments));
    z->after = alloc_zero(z->count, 1);
    for (size_t i = 0; i < z->count; i++) {
        z->moments[i] = be_signed(bytes.at + i * size, size);
        z->after[i] = (uint8_t)after.at[i];
        if (z->after[i] >= h->times || (i && z->moments[i] <= z->moments[i - 1]))
            return false;
    }
    return true;
}

static bool read_abbreviation(struct zone_time *time, struct str letters, size_t from)
{
    struct str rest = str_skip(letters, from);
    const char *end = str_find(rest, '\0');
    if (!end || end == rest.at || end - rest.at >= ZONE_ABBREVIATION_SIZE)
        return false;
    for (const char *c = rest.at; c < end; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    memcpy(time->name, rest.at, (size_t)(end - rest.at) + 1);
    return true;
}

static bool read_times(struct zone *z, struct str bytes, struct str letters)
{
    size_t count = bytes.len / TIME_SIZE;
    z->times = alloc_zero(count, sizeof(*z->times));
    for (size_t i = 0; i < count; i++) {
        const char *at = bytes.at + i * TIME_SIZE;
        int64_t offset = be_signed(at, SHORT);
        if (offset < ZONE_OFFSET_LEAST || offset > ZONE_OFFSET_MOST)
            return false;
        z->times[i].offset = (int32_t)offset;
        if (!read_abbreviation(&z->times[i], letters, (uint8_t)at[5]))
            return false;
    }
    return true;
}

static bool read_footer(struct zone *z, struct str rest)
{
    if (rest.len < 2 || rest.at[0] != '\n')
        return false;
    rest = str_skip(rest, 1);
    struct str rule = str_cut(&rest, '\n');
    if (rest.at == NULL)
        return false;
    z->has_rule = rule.len > 0;
    return !z->has_rule || zone_rule_parse(rule, &z->rule);
}

/*
 * RFC 8536 section 3:
 *
 *     file   = header body4 [ header body8 footer ]      the second half from version 2 on, and
 * then it alone counts header = "TZif" version 15OCTET 6count             counts of: universals,
 * standards, leaps, moments, times, letters body   = moments, the time after each (an octet), times
 * (offset, daylight, where its name begins), letters (names that end in NUL), leap seconds, 2 kinds
 * of flags footer = LF [ rule ] LF
 */
static bool read_zone(struct zone *z, struct str bytes, struct err *err)
{
    struct header h;
    size_t moment;
    struct str moments, after, times, letters, rest;
    if (!take_headers(&bytes, &h, &moment))
        return false;
    if (h.leaps > 0) {
        err_set(err, "The zone counts leap seconds, which Unix time does not have.");
        return false;
    }
    if (h.times == 0 || h.times > 256 || h.letters == 0)
        return false;
    return take(&bytes, (uint64_t)h.moments * moment, &moments) &&
           take(&bytes, h.moments, &after) && take(&bytes, (uint64_t)h.times * TIME_SIZE, &times) &&
           take(&bytes, h.letters, &letters) &&
           take(&bytes, (uint64_t)h.standards + h.universals, &rest) &&
           read_moments(z, moments, after, &h) && read_times(z, times, letters) &&
           (moment == SHORT || read_footer(z, bytes));
}

static int32_t view_offset(const void *ctx, int64_t unix_s, const char **name)
{
    return zone_offset(ctx, unix_s, name);
}

struct zone *zone_parse(struct str bytes, struct err *err)
{
    struct zone *zone = NEW(struct zone);
    zone->view = (struct template_zone){zone, view_offset};
    err_set(err, "This is no time zone file (TZif, RFC 8536), or a damaged one.");
    if (bytes.len <= ZONE_FILE_MOST && read_zone(zone, bytes, err))
        return zone;
    zone_free(zone);
    return NULL;
}

void zone_free(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->moments);
    free(zone->after);
    free(zone->times);
    free(zone);
}

const struct template_zone *zone_for_template(const struct zone *zone)
{
    return &zone->view;
}

/* How many of the zone's moments are not after this one. */
static size_t moments_until(const struct zone *zone, int64_t unix_s)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->moments[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct zone_time *time_at(const struct zone *zone, int64_t unix_s)
{
    size_t past = moments_until(zone, unix_s);
    if (past == zone->count && zone->has_rule)
        return zone_rule_time(&zone->rule, unix_s);
    return past == 0 ? &zone->times[0] : &zone->times[zone->after[past - 1]];
}

int32_t zone_offset(const struct zone *zone, int64_t unix_s, const char **name)
{
    const struct zone_time *time = time_at(zone, unix_s);
    *name = time->name;
    return time->offset;
}

#include "dns/message.h"

#include "dns/choose.h"

enum { CLASS_IN = 1, FLAG_ANSWER = 0x8000, FLAG_TRUNCATED = 0x0200, OPCODE = 0x7800, RCODE = 0xF };

/* `broken` is sticky: what is read after it is zeroes, and is looked at once at the end. */
struct reader {
    struct str all;
    size_t at;
    bool broken;
};

struct header {
    unsigned flags, questions, answers, authorities;
};

struct record {
    struct dns_name owner;
    unsigned type, class;
    uint32_t ttl_s;
    size_t end; /* its data is from the reader's place to here */
};

static uint32_t read_number(struct reader *r, size_t octets)
{
    uint32_t number = 0;
    if (r->broken || octets > r->all.len - r->at) {
        r->broken = true;
        return 0;
    }
    while (octets-- > 0)
        number = number << 8 | (unsigned char)r->all.at[r->at++];
    return number;
}

static void read_name(struct reader *r, struct dns_name *out)
{
    if (!r->broken && dns_name_read(r->all, &r->at, out) == 0)
        return;
    r->broken = true;
    *out = (struct dns_name){.len = 1};
}

/*
 * RFC 1035 §4.1.1; the additional section stays unread, and so does its count:
 *
 *     header = id flags QDCOUNT ANCOUNT NSCOUNT ARCOUNT       ; 16 bits each
 *     flags  = QR opcode(4) AA TC RD RA Z(3) RCODE(4)         ; from the high bit down
 */
static struct header read_header(struct reader *r)
{
    struct header h;
    read_number(r, 2);
    h.flags = read_number(r, 2);
    h.questions = read_number(r, 2);
    h.answers = read_number(r, 2);
    h.authorities = read_number(r, 2);
    read_number(r, 2);
    return h;
}

/* question = name type(16) class(16)                         ; RFC 1035 §4.1.2 */
static bool read_question(struct reader *r, const struct dns_name *name, enum dns_type type)
{
    struct dns_name asked;
    read_name(r, &asked);
    unsigned asked_type = read_number(r, 2), asked_class = read_number(r, 2);
    return !r->broken && dns_name_eq(&asked, name) && asked_type == type && asked_class == CLASS_IN;
}

/*
 * RFC 1035 §4.1.3; a TTL with its high bit set is 0 (RFC 2181 §8):
 *
 *     record = name type(16) class(16) ttl(32) length(16) *OCTET
 */
static bool read_record(struct reader *r, struct record *out)
{
    read_name(r, &out->owner);
    out->type = read_number(r, 2);
    out->class = read_number(r, 2);
    out->ttl_s = read_number(r, 4);
    size_t length = read_number(r, 2);
    if (out->ttl_s > INT32_MAX)
        out->ttl_s = 0;
    if (r->broken || length > r->all.len - r->at)
        r->broken = true;
    out->end = r->at + length;
    return !r->broken;
}

/* MX data = preference(16) name                              ; RFC 1035 §3.3.9 */
static void take_mx(struct reader *r, struct dns_choice *choice)
{
    struct dns_name exchanger;
    unsigned preference = read_number(r, 2);
    read_name(r, &exchanger);
    if (!r->broken)
        dns_choice_mx(choice, preference, &exchanger);
}

/* A data = 4OCTET; AAAA data = 16OCTET                       ; RFC 1035 §3.4.1, RFC 3596 §2.2 */
static void take_address(struct reader *r, size_t length, struct dns_choice *choice)
{
    if (length > r->all.len - r->at) {
        r->broken = true;
        return;
    }
    dns_choice_address(choice, (const unsigned char *)r->all.at + r->at, length);
    r->at += length;
}

static void take_data(struct reader *r, enum dns_type type, struct dns_choice *choice)
{
    if (type == DNS_TYPE_MX)
        take_mx(r, choice);
    else
        take_address(r, type == DNS_TYPE_A ? 4 : 16, choice);
}

/* Fields of known types must fill their record exactly; other types are passed over. */
static void end_record(struct reader *r, const struct record *record, bool known)
{
    if (known && r->at != record->end)
        r->broken = true;
    r->at = record->end;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Where the names lead: the one that we look at, and the TTL that all on the way allow. */
struct trail {
    struct dns_name name;
    struct dns_name alias; /* of `name`; meant only if `aliased` */
    bool aliased;
    uint32_t ttl_s;
};

/* One pass over the answer section: takes the records of `type` at the trail's name, or its alias
 * (whose data is a name: RFC 1035 §3.3.1). */
static void pass(struct reader *r, unsigned answers, enum dns_type type, struct trail *trail,
                 struct dns_choice *choice)
{
    struct record record;
    uint32_t alias_ttl_s = UINT32_MAX;
    trail->aliased = false;
    for (; answers > 0 && read_record(r, &record); answers--) {
        bool ours = record.class == CLASS_IN && dns_name_eq(&record.owner, &trail->name);
        bool alias = ours && record.type == DNS_TYPE_CNAME;
        bool wanted = ours && record.type == type;
        if (alias) {
            read_name(r, &trail->alias);
            trail->aliased = true;
            alias_ttl_s = record.ttl_s;
        } else if (wanted) {
            take_data(r, type, choice);
            trail->ttl_s = least(trail->ttl_s, record.ttl_s);
        }
        end_record(r, &record, alias || wanted);
    }
    if (choice->seen > 0)
        trail->aliased = false;
    if (trail->aliased)
        trail->ttl_s = least(trail->ttl_s, alias_ttl_s);
}

/* Goes over the answers once for each alias. False when there are too many, as in a circle. */
static bool follow(struct reader *r, unsigned answers, enum dns_type type, struct trail *trail,
                   struct dns_choice *choice)
{
    size_t start = r->at;
    for (int aliases = 0; aliases <= DNS_ALIASES_MAX; aliases++) {
        r->at = start;
        pass(r, answers, type, trail, choice);
        if (!trail->aliased || r->broken)
            return true;
        trail->name = trail->alias;
    }
    return false;
}

/*
 * How long a "no" holds (RFC 2308 §5): the lesser of the SOA's TTL and its MINIMUM, which is the
 * last field of its data (RFC 1035 §3.3.13). Without a SOA: 0, for the caller's bounds to mend.
 *
 *     SOA data = mname rname serial(32) refresh(32) retry(32) expire(32) minimum(32)
 */
static uint32_t negative_ttl_s(struct reader *r, unsigned authorities)
{
    struct record record;
    struct dns_name name;
    for (; authorities > 0 && read_record(r, &record); authorities--) {
        if (record.type == DNS_TYPE_SOA && record.class == CLASS_IN) {
            read_name(r, &name);
            read_name(r, &name);
            for (int field = 0; field < 4; field++)
                read_number(r, 4);
            uint32_t minimum_s = read_number(r, 4);
            end_record(r, &record, true);
            return least(record.ttl_s, minimum_s);
        }
        end_record(r, &record, false);
    }
    return 0;
}

static void read_answers(struct reader *r, const struct header *h, const struct dns_name *name,
                         enum dns_type type, struct dns_message *out)
{
    struct trail trail = {.name = *name, .ttl_s = UINT32_MAX};
    struct dns_choice choice;
    dns_choice_init(&choice, type, out);
    if (!follow(r, h->answers, type, &trail, &choice)) {
        out->result = DNS_ALIASES;
        return;
    }
    out->rcode = h->flags & RCODE;
    out->result = out->rcode == DNS_NXDOMAIN ? DNS_NO_NAME : dns_choice_result(&choice);
    out->ttl_s = trail.ttl_s;
    if (out->result == DNS_NO_NAME || out->result == DNS_NO_RECORDS)
        out->ttl_s = least(trail.ttl_s, negative_ttl_s(r, h->authorities));
}

/* message = header question *answer *authority *additional     ; RFC 1035 §4.1 */
static void read_message(struct reader *r, const struct dns_name *name, enum dns_type type,
                         struct dns_message *out)
{
    struct header h = read_header(r);
    unsigned rcode = h.flags & RCODE;
    if (r->broken || (h.flags & (FLAG_ANSWER | FLAG_TRUNCATED | OPCODE)) != FLAG_ANSWER)
        return;
    if (h.questions != 1 || !read_question(r, name, type))
        return;
    if (rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN)
        read_answers(r, &h, name, type, out);
    else
        *out = (struct dns_message){.result = DNS_REFUSAL, .rcode = rcode};
}

void dns_message_read(struct str bytes, const struct dns_name *name, enum dns_type type,
                      struct dns_message *out)
{
    struct reader r = {.all = bytes};
    out->result = DNS_BROKEN;
    out->rcode = out->tries = 0;
    out->ttl_s = 0;
    out->count = 0;
    read_message(&r, name, type, out);
    if (r.broken)
        out->result = DNS_BROKEN;
    if (out->result != DNS_RECORDS)
        out->count = 0;
}

#include "smtp/ehlo.h"

/*
 * RFC 5321 §4.1.1.1; the reply parser has taken the codes off and joined the lines:
 *
 *     ehlo-ok-rsp  = "250-" Domain [ SP ehlo-greet ] CRLF *( "250-" ehlo-line CRLF )
 *                    "250" SP ehlo-line CRLF
 *     ehlo-line    = ehlo-keyword *( SP ehlo-param )
 *     ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
 *     ehlo-param   = 1*(%d33-126)
 */

/* A keyword sets a flag; three of them also say something in their parameters. */
struct keyword {
    const char *name;
    size_t flag; /* offset of a bool in struct smtp_extensions */
    void (*read)(struct smtp_extensions *e, struct str params);
};

/* RFC 1870 §4: size-param = [1*DIGIT]; a number that makes no sense is as good as none. */
static void read_size(struct smtp_extensions *e, struct str params)
{
    struct str number = str_cut(&params, ' ');
    if (!str_to_u64(number, &e->size_limit))
        e->size_limit = 0;
}

/* RFC 9422 §3: limits = name "=" value, separated by spaces. */
static void read_limits(struct smtp_extensions *e, struct str params)
{
    while (params.at) {
        struct str value = str_cut(&params, ' ');
        struct str name = str_cut(&value, '=');
        if (str_eq_nocase(name, STR("MAILMAX")) && !str_to_u64(value, &e->mail_limit))
            e->mail_limit = 0;
    }
}

#define FLAG(member) offsetof(struct smtp_extensions, member)

static const struct keyword keywords[] = {
    {"STARTTLS", FLAG(starttls), NULL},
    {"PIPELINING", FLAG(pipelining), NULL},
    {"CHUNKING", FLAG(chunking), NULL},
    {"8BITMIME", FLAG(eightbitmime), NULL},
    {"SMTPUTF8", FLAG(smtputf8), NULL},
    {"DSN", FLAG(dsn), NULL},
    {"ENHANCEDSTATUSCODES", FLAG(enhanced_codes), NULL},
    {"AUTH", FLAG(auth), NULL},
    {"SIZE", FLAG(size), read_size},
    {"LIMITS", FLAG(limits), read_limits},
};

static void take_keyword(struct smtp_extensions *out, struct str line)
{
    struct str name = str_cut(&line, ' ');
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        const struct keyword *k = &keywords[i];
        if (!str_eq_nocase(name, str_of(k->name)))
            continue;
        *(bool *)((char *)out + k->flag) = true;
        if (k->read)
            k->read(out, line);
    }
}

void smtp_ehlo_parse(const struct smtp_reply *reply, struct smtp_extensions *out)
{
    *out = (struct smtp_extensions){0};
    struct str rest = reply->text;
    str_cut(&rest, '\n'); /* the server's name and greeting */
    while (rest.at)
        take_keyword(out, str_trim(str_cut(&rest, '\n')));
}

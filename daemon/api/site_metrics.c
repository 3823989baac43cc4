#include "api/site_metrics.h"

#include "api/place.h"
#include "base/alloc.h"

static void add_head(struct buf *out, const char *name, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void add_gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
    add_head(out, name, help);
    buf_addf(out, "%s %llu\n", name, (unsigned long long)value);
}

/* -- By state. */

static const char *const words[] = {"idle",        "sending",   "slowed", "limited", "waiting",
                                    "unreachable", "suspended", "no_dns", "bouncing"};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

static void add_states(const struct survey *survey, uint32_t now_s, struct buf *out)
{
    uint64_t counts[WORDS] = {0};
    for (const struct site_view *s = survey->sites; s; s = s->next)
        for (size_t i = 0; i < WORDS; i++)
            counts[i] += strcmp(words[i], site_state_word(survey, s, now_s)) == 0;
    add_head(out, "tocsin_sites", "Receivers that have mail or had some lately, by state.");
    for (size_t i = 0; i < WORDS; i++)
        buf_addf(out, "tocsin_sites{state=\"%s\"} %llu\n", words[i], (unsigned long long)counts[i]);
}

/* -- By provider. */

struct tally {
    struct str provider;
    uint64_t queued;
};

/* One for each provider that has sites; their number in `count`, to be freed. */
static struct tally *count_queued(const struct survey *survey, size_t *count)
{
    struct tally *all = NULL;
    *count = 0;
    for (const struct site_view *s = survey->sites; s; s = s->next) {
        size_t i = 0;
        while (i < *count && !str_eq(all[i].provider, s->provider))
            i++;
        if (!s->provider.len)
            continue;
        if (i == *count) {
            all = alloc_again(all, ++*count * sizeof(*all));
            all[i] = (struct tally){s->provider, 0};
        }
        all[i].queued += s->queued;
    }
    return all;
}

/* The value of a label: a backslash goes before itself, quotes and ends of lines. */
static void add_label(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\\' || c == '"' || c == '\n')
            buf_add_byte(out, '\\');
        buf_add_byte(out, c == '\n' ? 'n' : c);
    }
}

static void add_providers(const struct survey *survey, struct buf *out)
{
    size_t count;
    struct tally *all = count_queued(survey, &count);
    add_head(out, "tocsin_provider_queued",
             "Recipients in the queue at the sites of a provider, those on the wire included.");
    for (size_t i = 0; i < count; i++) {
        buf_add_text(out, "tocsin_provider_queued{provider=\"");
        add_label(out, all[i].provider);
        buf_addf(out, "\"} %llu\n", (unsigned long long)all[i].queued);
    }
    free(all);
}

void site_metrics_render(const struct survey *survey, uint32_t now_s, struct buf *out)
{
    add_states(survey, now_s, out);
    add_providers(survey, out);
    add_gauge(out, "tocsin_domains_away",
              "Domains that could not be reached, were let go, and are tried again later.",
              survey->away);
    add_gauge(out, "tocsin_domains_waiting", "Domains that wait until others are done.",
              survey->waiting);
}

#include "cli/site_words.h"

#include <string.h>

#include "cli/ask.h"
#include "cli/text.h"

/* -- Restraints. */

void restraint_say_time(struct buf *out, const json_t *restraint, int64_t now)
{
    const char *until = json_text(restraint, "until");
    int64_t at = text_time_read(until);
    if (at < 0) {
        buf_add_text(out, "until resumed");
    } else if (at <= now) {
        buf_add_text(out, "coming back since ");
        text_clock(out, until, now);
    } else {
        buf_add_text(out, "until ");
        text_clock(out, until, now);
        buf_add_text(out, ", in ");
        text_duration(out, (uint64_t)(at - now));
    }
}

static void say_slow(struct buf *out, const json_t *restraint)
{
    const char *rate = json_text(restraint, "rate");
    uint64_t connections = json_count(restraint, "connections");
    buf_addf(out, "slowed%s%s", *rate ? " to " : "", rate);
    if (connections) {
        buf_add_text(out, *rate ? " and " : " to ");
        text_count(out, connections, "connection", "connections");
    }
}

void restraint_say_what(struct buf *out, const json_t *restraint)
{
    const char *action = json_text(restraint, "action");
    if (strcmp(action, "suspend") == 0)
        buf_add_text(out, "suspended");
    else if (strcmp(action, "block") == 0)
        buf_add_text(out, "blocked");
    else if (strcmp(action, "slow") == 0)
        say_slow(out, restraint);
    else if (strcmp(action, "hold_job") == 0)
        buf_addf(out, "job %llu held back", (unsigned long long)json_count(restraint, "job"));
    else if (strcmp(action, "plain") == 0)
        buf_add_text(out, "plain SMTP");
    else
        buf_add_text(out, action);
}

void restraint_say_place(struct buf *out, const json_t *restraint)
{
    const char *scope = json_text(restraint, "scope"), *place = json_text(restraint, "place");
    if (!*place)
        buf_add_text(out, "everywhere");
    else
        buf_addf(out, "%s%s", strcmp(scope, "provider") == 0 ? "provider " : "", place);
}

void restraint_say_cause(struct buf *out, const json_t *restraint)
{
    const char *rule = json_text(restraint, "rule");
    buf_addf(out, "%s%s", *rule ? "by rule " : "by hand", rule);
}

void restraint_say(struct buf *out, const json_t *restraint, int64_t now)
{
    const char *source = json_text(restraint, "source"), *text = json_text(restraint, "text");
    restraint_say_place(out, restraint);
    buf_add_text(out, ": ");
    restraint_say_what(out, restraint);
    buf_addf(out, "%s%s ", *source ? " for source " : "", source);
    restraint_say_time(out, restraint, now);
    buf_add_text(out, ", ");
    restraint_say_cause(out, restraint);
    buf_addf(out, "%s%s", *text ? ": " : "", text);
}

/* -- Sites. */

void site_say_connections(struct buf *out, const json_t *site)
{
    uint64_t limit = 0;
    bool limited = true;
    size_t i;
    json_t *source;
    json_array_foreach(json_object_get(site, "sources"), i, source)
    {
        uint64_t own = json_count(json_object_get(source, "limits"), "connections");
        limited = limited && own;
        limit += own;
    }
    text_number(out, json_count(site, "connections"));
    if (limited && limit) {
        buf_add_text(out, " of ");
        text_number(out, limit);
    }
}

void site_say_rate(struct buf *out, const json_t *site)
{
    const char *rate = NULL;
    size_t i;
    json_t *source;
    json_array_foreach(json_object_get(site, "sources"), i, source)
    {
        const char *own = json_text(json_object_get(source, "limits"), "rate");
        rate = !rate || strcmp(rate, own) == 0 ? own : "differs";
    }
    buf_add_text(out, rate ? rate : "");
}

void site_say_reply(struct buf *out, const json_t *site, int64_t now)
{
    const char *reply = json_text(site, "reply");
    int64_t at = text_time_read(json_text(site, "reply_at"));
    if (!*reply)
        return;
    if (at >= 0) {
        text_duration(out, now > at ? (uint64_t)(now - at) : 0);
        buf_add_text(out, " ago: ");
    }
    buf_add_text(out, reply);
}

void site_say_why_or_reply(struct buf *out, const json_t *site, int64_t now)
{
    const char *why = json_text(site, "why");
    if (*why)
        buf_add_text(out, why);
    else
        site_say_reply(out, site, now);
}

#include "api/forecast_json.h"

#include <math.h>

#include "api/site_json.h"

static const char *kind_name(enum prospect_kind kind)
{
    static const char *const names[] = {
        [PROSPECT_PROVIDER] = "provider",       [PROSPECT_SITE] = "site",
        [PROSPECT_SMALL_SITES] = "small_sites", [PROSPECT_OTHER_DOMAINS] = "other_domains",
        [PROSPECT_NO_MAIL] = "no_mail",
    };
    return names[kind];
}

static struct str group_name(const struct prospect_group *group)
{
    switch (group->kind) {
    case PROSPECT_SMALL_SITES:
        return STR("other sites");
    case PROSPECT_OTHER_DOMAINS:
        return STR("other domains");
    case PROSPECT_NO_MAIL:
        return STR("no mail");
    default:
        return group->name;
    }
}

static void say_sources(struct buf *out, const struct forecast_limit *limit)
{
    if (limit->sources > 1)
        buf_addf(out, " from each of %u sources", limit->sources);
    if (limit->restrained)
        buf_add_text(out, ", for now");
}

static void say_limit(struct buf *out, const struct forecast_limit *limit)
{
    switch (limit->cause) {
    case FORECAST_BY_NOTHING:
        buf_add_text(out, "nothing");
        break;
    case FORECAST_BY_MACHINE:
        buf_add_text(out, "this machine");
        break;
    case FORECAST_BY_CONNECTIONS:
        buf_addf(out, "%u connection%s", limit->connections, limit->connections == 1 ? "" : "s");
        say_sources(out, limit);
        break;
    case FORECAST_BY_CONNECTION_RATE:
        rate_say(out, limit->rate);
        buf_add_text(out, " new connections");
        say_sources(out, limit);
        break;
    case FORECAST_BY_RATE:
        rate_say(out, limit->rate);
        say_sources(out, limit);
        break;
    case FORECAST_BY_OBSERVED:
        buf_add_text(out, "the pace seen so far");
        break;
    case FORECAST_BY_SUSPENSION:
        buf_add_text(out, "suspended");
        break;
    case FORECAST_BY_WARM_UP:
        buf_add_text(out, "the warm-up of its sources");
        break;
    case FORECAST_BY_WAIT:
        buf_add_text(out, "waits to try again");
        break;
    }
}

static void add_limit(struct json *json, const struct prospect_group *group)
{
    struct buf text = BUF_INIT;
    if (group->kind == PROSPECT_NO_MAIL)
        buf_add_text(&text, "they bounce");
    else
        say_limit(&text, &group->forecast.limit);
    json_add_text(json, "limited_by", buf_str(&text));
    buf_release(&text);
}

/* Rounded up; null for what never ends, or has no limit. */
static void add_number(struct json *json, const char *key, double number)
{
    if (!isfinite(number) || number > (double)INT64_MAX / 2)
        json_add_null(json, key);
    else
        json_add_u64(json, key, (uint64_t)number + (number > (double)(uint64_t)number));
}

static void write_group(struct json *json, const struct prospect_group *group)
{
    json_open_object(json, NULL);
    json_add_text(json, "group", group_name(group));
    json_add_text(json, "kind", str_of(kind_name(group->kind)));
    json_add_u64(json, "sites", group->site_count);
    json_add_u64(json, "recipients", group->recipients);
    add_number(json, "rate_per_hour", group->forecast.pace * 3600);
    add_number(json, "observed_per_hour", group->observed > 0 ? group->observed * 3600 : INFINITY);
    add_number(json, "seconds", group->forecast.seconds);
    add_limit(json, group);
    json_add_steady(json, "waits_until", group->forecast.limit.until);
    json_close_object(json);
}

void write_forecast(struct json *json, const struct prospect *prospect)
{
    if (!prospect) {
        json_add_null(json, "forecast");
        json_add_null(json, "finished_in_s");
        return;
    }
    json_open_array(json, "forecast");
    for (size_t i = 0; i < prospect->count; i++)
        write_group(json, &prospect->groups[i]);
    json_close_array(json);
    add_number(json, "finished_in_s", prospect->seconds);
}

#include "config/config.h"
#include "config/pattern.h"

/* How well a provider knows a host: as its best pattern does. */
static int provider_fit(const struct provider *provider, struct str host)
{
    int best = -1;
    for (size_t i = 0; i < provider->mx_count; i++) {
        int fit = pattern_fit(provider->mx[i], host);
        best = fit > best ? fit : best;
    }
    return best;
}

/* Where two fit alike the first one counts: that is the administrator's. */
const struct provider *config_provider(const struct config *config, struct str host)
{
    const struct provider *best = NULL;
    int best_fit = -1;
    for (size_t i = 0; i < config->provider_count; i++) {
        int fit = provider_fit(&config->providers[i], host);
        if (fit > best_fit) {
            best = &config->providers[i];
            best_fit = fit;
        }
    }
    return best;
}

const struct provider *config_provider_named(const struct config *config, struct str name)
{
    for (size_t i = 0; i < config->provider_count; i++)
        if (str_eq_nocase(config->providers[i].name, name))
            return &config->providers[i];
    return NULL;
}

const struct site_limits *config_site_block(const struct config *config, struct str host)
{
    const struct site_limits *best = NULL;
    int best_fit = -1;
    for (size_t i = 0; i + 1 < config->site_count; i++) {
        int fit = pattern_fit(config->sites[i].pattern, host);
        if (fit > best_fit) {
            best = &config->sites[i];
            best_fit = fit;
        }
    }
    return best;
}

/* Puts what is said in `over` in the place of what was there. */
static void overlay_throttle(struct throttle_limits *throttle, const struct throttle_limits *over)
{
    if (over->connections)
        throttle->connections = over->connections;
    if (over->connection_rate.count)
        throttle->connection_rate = over->connection_rate;
    if (over->rates.count)
        throttle->rates = over->rates;
}

static void overlay_connection(struct connection_limits *connection,
                               const struct connection_limits *over)
{
    if (over->messages)
        connection->messages = over->messages;
    if (over->in_flight)
        connection->in_flight = over->in_flight;
    if (over->idle_ms)
        connection->idle_ms = over->idle_ms;
}

void config_site_terms(const struct config *config, struct str host, struct site_terms *out)
{
    const struct site_limits *all = &config->sites[config->site_count - 1];
    const struct site_limits *own = config_site_block(config, host);
    const struct provider *provider = config_provider(config, host);
    *out = (struct site_terms){provider, all->throttle, all->connection, config->tls.policy};
    if (provider) {
        overlay_throttle(&out->throttle, &provider->each);
        overlay_connection(&out->connection, &provider->connection);
        if (provider->tls != TLS_POLICY_UNSET)
            out->tls = provider->tls;
    }
    if (own) {
        overlay_throttle(&out->throttle, &own->throttle);
        overlay_connection(&out->connection, &own->connection);
    }
}

/*
 * The whole configuration, from arbitrary bytes: a text gives either a configuration that can
 * answer every question, or errors of which each is one line with the name of the file and a line
 * number. It also shows that libconfuse stands what config/text.c lets through.
 */
#include <assert.h>

#include "config/config.h"

static void check_terms(const struct config *config, struct str host)
{
    struct site_terms terms;
    config_site_terms(config, host, &terms);
    assert(terms.throttle.connections >= 1 && terms.throttle.rates.count <= RATES_MAX);
    assert(terms.connection.messages >= 1 && terms.connection.in_flight >= 1);
    assert(terms.connection.idle_ms > 0 && terms.tls < TLS_POLICY_UNSET);
    assert(terms.provider == config_provider(config, host));
}

static void check_shaping(const struct config *config)
{
    for (size_t i = 0; i < config->provider_count; i++)
        assert(config->providers[i].mx_count);
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct rule *rule = &config->rules[i];
        assert(rule->reply_count && rule->action < RULE_NONE && rule->count >= 1);
        assert((rule->action == RULE_SLOW) == (rule->connections || rule->rate.count));
        assert(!rule->provider.len || config_provider_named(config, rule->provider));
    }
    for (size_t i = 0; i < config->pool_count; i++)
        assert(config->pools[i].members);
    assert(config_pool(config, STR("")));
}

static void check_config(struct config *config)
{
    assert(config->data_dir.len && config->control.socket.len);
    assert(config->identity_count && config->source_count);
    assert(config_identity(config, STR("")));
    check_terms(config, STR("dest.example"));
    check_terms(config, STR("gmail-smtp-in.l.google.com"));
    check_shaping(config);
    assert(config->threads.delivery >= 1 && config->threads.composers >= 1);
    assert(config->retry.max_ms >= config->retry.first_ms);
    struct buf said = BUF_INIT;
    assert(config_diff_needs_restart(config, config, &said) == 0);
    buf_release(&said);
}

static void check_errors(const struct config_errors *errors)
{
    int lines = 0;
    assert(errors->count > 0);
    for (struct str rest = buf_str(&errors->text); rest.len; lines++) {
        struct str line = str_cut(&rest, '\n');

        assert(str_starts(line, STR("f:")));
        line = str_skip(line, 2);
        uint64_t number = 0;
        assert(str_to_u64(str_cut(&line, ':'), &number) && number >= 1);
        assert(line.len > 2 && line.at[0] == ' ');
    }
    assert(lines == errors->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct config *config = config_load_text(str_from(data, size), "f", "", &errors);
    if (config)
        check_config(config);
    else
        check_errors(&errors);
    config_unref(config);
    config_errors_release(&errors);
    return 0;
}

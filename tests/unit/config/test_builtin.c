#include "unit/config/project_file.h"

#include "base/glob.h"
#include "config/builtin.h"

/* A line of replies.txt: RULE | PROVIDER | REPLY. */
struct recorded {
    struct str rule, provider, reply;
};

static struct config *config;
static struct buf replies;

static int table_load(void **state)
{
    if (folder_make(state) != 0)
        return -1;
    config = load(MINIMAL);
    read_project_file("tests/unit/config/replies.txt", &replies);
    return 0;
}

static int table_release(void **state)
{
    config_unref(config);
    buf_release(&replies);
    return folder_remove(state);
}

/* The next line of *rest that holds a reply. */
static bool recorded_next(struct str *rest, struct recorded *out)
{
    while (rest->at) {
        struct str line = str_cut(rest, '\n');
        if (line.len == 0 || line.at[0] == '#')
            continue;
        out->rule = str_trim(str_cut(&line, '|'));
        out->provider = str_trim(str_cut(&line, '|'));
        out->reply = str_trim(line);
        assert_true(out->reply.len > 0);
        return true;
    }
    return false;
}

static bool is_for(const struct rule *rule, struct str provider)
{
    return rule->provider.len == 0 || str_eq(rule->provider, provider);
}

/* The name of the first rule that matches, or "-". */
static struct str first_match(struct str provider, struct str reply)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct rule *rule = &config->rules[i];
        for (size_t k = 0; is_for(rule, provider) && k < rule->reply_count; k++)
            if (glob_match(rule->replies[k], reply))
                return rule->name;
    }
    return STR("-");
}

static void check_match(struct str provider, const struct recorded *r)
{
    struct str got = first_match(provider, r->reply);
    if (!str_eq(got, r->rule))
        fail_msg("%.*s (not %.*s) takes, at %.*s: %.*s", STR_ARG(got), STR_ARG(r->rule),
                 STR_ARG(provider), STR_ARG(r->reply));
}

static void each_recorded_reply_is_taken_by_its_rule(void **state)
{
    struct recorded r;
    (void)state;
    for (struct str rest = buf_str(&replies); recorded_next(&rest, &r);) {
        if (!str_eq(r.provider, STR("*"))) {
            check_match(r.provider, &r);
            continue;
        }
        check_match(STR("-"), &r);
        for (size_t i = 0; i < config->provider_count; i++)
            check_match(config->providers[i].name, &r);
    }
}

static void recorded_providers_are_known(void **state)
{
    struct recorded r;
    (void)state;
    for (struct str rest = buf_str(&replies); recorded_next(&rest, &r);)
        if (!str_eq(r.provider, STR("*")) && !str_eq(r.provider, STR("-")))
            assert_non_null(config_provider_named(config, r.provider));
}

static bool is_recorded(struct str rule)
{
    struct recorded r;
    for (struct str rest = buf_str(&replies); recorded_next(&rest, &r);)
        if (str_eq(r.rule, rule))
            return true;
    return false;
}

static void every_rule_that_ships_has_a_recorded_reply(void **state)
{
    (void)state;
    assert_true(config->rule_count > 40);
    for (size_t i = 0; i < config->rule_count; i++)
        if (!is_recorded(config->rules[i].name))
            fail_msg("rule %s has no recorded reply", config->rules[i].name.at);
}

/* A block needs an administrator, and should not come and go. */
static void blocks_last_for_hours(void **state)
{
    (void)state;
    for (size_t i = 0; i < config->rule_count; i++)
        if (config->rules[i].action == RULE_BLOCK)
            assert_true(config->rules[i].for_ms >= 2 * 3600 * 1000);
}

/* One message that a filter dislikes must not hold a job back. */
static void jobs_are_held_back_for_several_replies_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < config->rule_count; i++)
        if (config->rules[i].action == RULE_HOLD_JOB)
            assert_true(config->rules[i].count >= 10);
}

static const char *provider_of(const char *host)
{
    const struct provider *provider = config_provider(config, str_of(host));
    return provider ? provider->name.at : "none";
}

static void the_mail_exchangers_of_large_receivers_are_known(void **state)
{
    (void)state;
    assert_string_equal(provider_of("gmail-smtp-in.l.google.com"), "google");
    assert_string_equal(provider_of("alt4.aspmx.l.google.com"), "google");
    assert_string_equal(provider_of("aspmx2.googlemail.com"), "google");
    assert_string_equal(provider_of("mx-eu.mail.am0.yahoodns.net"), "yahoo");
    assert_string_equal(provider_of("hotmail-com.olc.protection.outlook.com"), "outlook");
    assert_string_equal(provider_of("example-org.mail.protection.outlook.com"), "office365");
    assert_string_equal(provider_of("example-org.p-v1.mx.microsoft"), "office365");
    assert_string_equal(provider_of("mx02.mail.icloud.com"), "apple");
    assert_string_equal(provider_of("smtp-in.orange.fr"), "orange");
    assert_string_equal(provider_of("smtpz4.laposte.net"), "laposte");
    assert_string_equal(provider_of("mx1.free.fr"), "free");
    assert_string_equal(provider_of("smtp-in.sfr.fr"), "sfr");
    assert_string_equal(provider_of("mx00.gmx.net"), "gmx");
    assert_string_equal(provider_of("mx-ha02.web.de"), "gmx");
    assert_string_equal(provider_of("mx1a1.comcast.net"), "comcast");
    assert_string_equal(provider_of("mx.example.org"), "none");
    assert_string_equal(provider_of("google.com.example.org"), "none");
}

static void numbers_that_are_published_are_kept(void **state)
{
    struct site_terms terms;
    (void)state;
    config_site_terms(config, STR("smtp-in.orange.fr"), &terms);
    assert_int_equal(terms.provider->together.connections, 2);
    assert_int_equal(terms.connection.messages, 100);
    assert_int_equal(terms.tls, TLS_POLICY_REQUIRED);
    config_site_terms(config, STR("mx1.comcast.net"), &terms);
    assert_int_equal(terms.provider->together.connections, 25);
    assert_int_equal(terms.connection.messages, 1000);
    config_site_terms(config, STR("example-org.mail.protection.outlook.com"), &terms);
    assert_int_equal(terms.provider->together.connections, 0);
    assert_int_equal(terms.throttle.connections, 5);
}

static void what_is_built_in_is_the_file(void **state)
{
    struct buf file = BUF_INIT;
    (void)state;
    read_project_file("conf/providers.conf", &file);
    assert_true(str_eq(builtin_providers(), buf_str(&file)));
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_recorded_reply_is_taken_by_its_rule),
        cmocka_unit_test(recorded_providers_are_known),
        cmocka_unit_test(every_rule_that_ships_has_a_recorded_reply),
        cmocka_unit_test(blocks_last_for_hours),
        cmocka_unit_test(jobs_are_held_back_for_several_replies_only),
        cmocka_unit_test(the_mail_exchangers_of_large_receivers_are_known),
        cmocka_unit_test(numbers_that_are_published_are_kept),
        cmocka_unit_test(what_is_built_in_is_the_file),
    };
    return cmocka_run_group_tests(tests, table_load, table_release);
}

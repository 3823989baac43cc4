#include "unit/config/fixture.h"

/* A file of providers that stands in for the one that ships. */
#define OWN_TABLE "providers = \"my.conf\"\n"

static const struct rule *rule_named(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->rule_count; i++)
        if (str_eq(c->rules[i].name, str_of(name)))
            return &c->rules[i];
    return NULL;
}

static void a_block_changes_the_options_that_it_has(void **state)
{
    (void)state;
    struct config *plain = load(MINIMAL);
    struct config *c = load_with("provider orange { connections = 1  rate = \"5/s\"\n"
                                 "    total { connections = 3 } }\n");
    const struct provider *was = config_provider_named(plain, STR("orange"));
    const struct provider *is = config_provider_named(c, STR("orange"));
    assert_int_equal(c->provider_count, plain->provider_count);
    assert_int_equal(is->together.connections, 1);
    assert_int_equal(is->together.rates.at[0].count, 5);
    assert_int_equal(is->total.connections, 3);
    assert_int_equal(is->mx_count, was->mx_count);
    assert_int_equal(is->tls, TLS_POLICY_REQUIRED);
    assert_int_equal(is->connection.messages, was->connection.messages);
    config_unref(plain);
    config_unref(c);
}

static void a_list_replaces_the_list(void **state)
{
    (void)state;
    struct config *c = load_with("provider ORANGE { mx = \"*.orange.example\" }\n");
    const struct provider *is = config_provider_named(c, STR("orange"));
    assert_int_equal(is->mx_count, 1);
    assert_string_equal(is->mx[0].at, "*.orange.example");
    assert_null(config_provider(c, STR("smtp-in.orange.fr")));
    config_unref(c);
}

static void an_own_provider_is_found_before_one_that_ships(void **state)
{
    (void)state;
    struct config *c = load_with("provider mine { mx = \"*.google.com\"  tls = none }\n");
    struct site_terms terms;
    config_site_terms(c, STR("aspmx.l.google.com"), &terms);
    assert_string_equal(terms.provider->name.at, "mine");
    assert_int_equal(terms.tls, TLS_POLICY_NONE);
    assert_int_equal(terms.connection.messages, 100);
    config_unref(c);
}

static void what_a_provider_leaves_out_is_not_said(void **state)
{
    (void)state;
    struct config *c = load_with("provider p { mx = \"mx.p.example\" }\n");
    const struct provider *p = config_provider(c, STR("mx.p.example"));
    assert_int_equal(p->tls, TLS_POLICY_UNSET);
    assert_int_equal(p->connection.messages + p->connection.in_flight, 0);
    assert_int_equal(p->connection.idle_ms, 0);
    assert_int_equal(p->together.connections + p->each.connections + p->total.connections, 0);
    assert_int_equal(p->together.rates.count + p->together.connection_rate.count, 0);
    config_unref(c);
}

static void providers_are_checked(void **state)
{
    (void)state;
    refuse_with("provider ornage { connections = 1 }\n"
                "provider one { mx = \"*.one.example\" }\n"
                "provider two { mx = { \"*.two.example\", \"*.ONE.example\" } }\n"
                "provider zz { }\n",
                "my.conf:8: provider \"ornage\" has no mx, and none of that name ships: add mx = { "
                "\"*.example.org\" }. Did you mean \"orange\"?\n"
                "my.conf:10: provider \"one\" and provider \"two\" both have the mx "
                "\"*.one.example\": leave it to one.\n"
                "my.conf:11: provider \"zz\" has no mx, and none of that name ships: add mx = { "
                "\"*.example.org\" }.\n");
}

static void a_rule_has_defaults(void **state)
{
    (void)state;
    struct config *c = load_with("rule mine { reply = \"421 *\"  action = block }\n"
                                 "rule \"a second\" { reply = { \"5*\", \"4*\" }  action = slow\n"
                                 "    provider = google  scope = source  for = 2h  count = 3\n"
                                 "    within = 1h  rate = \"1/min\"  connections = 2 }\n");
    const struct rule *first = &c->rules[0], *second = &c->rules[1];
    assert_string_equal(first->name.at, "mine");
    assert_int_equal(first->action, RULE_BLOCK);
    assert_int_equal(first->scope, RULE_SITE);
    assert_int_equal(first->provider.len, 0);
    assert_int_equal(first->for_ms, 15 * 60000);
    assert_int_equal(first->count, 1);
    assert_int_equal(first->within_ms, 10 * 60000);
    assert_int_equal(second->reply_count, 2);
    assert_string_equal(second->replies[1].at, "4*");
    assert_string_equal(second->provider.at, "google");
    assert_int_equal(second->scope, RULE_SOURCE);
    assert_int_equal(second->count, 3);
    assert_int_equal(second->rate.period_ms, 60000);
    assert_int_equal(second->connections, 2);
    config_unref(c);
}

/* As a whole: nothing of the old one is left, and it stands first. */
static void a_rule_replaces_one_of_its_name(void **state)
{
    (void)state;
    struct config *plain = load(MINIMAL);
    struct config *c = load_with("rule busy { reply = \"421 mine\"  action = suspend }\n");
    assert_int_equal(c->rule_count, plain->rule_count);
    assert_string_equal(c->rules[0].name.at, "busy");
    assert_int_equal(c->rules[0].reply_count, 1);
    assert_int_equal(c->rules[0].connections, 0);
    assert_int_equal(c->rules[0].count, 1);
    assert_int_equal(rule_named(plain, "busy")->action, RULE_SLOW);
    config_unref(plain);
    config_unref(c);
}

static void a_rule_can_be_switched_off(void **state)
{
    (void)state;
    struct config *plain = load(MINIMAL);
    struct config *c = load_with("rule busy { action = none }\n");
    assert_int_equal(c->rule_count, plain->rule_count - 1);
    assert_null(rule_named(c, "busy"));
    config_unref(plain);
    config_unref(c);
}

static void rules_are_checked(void **state)
{
    (void)state;
    refuse_with(
        "rule a { reply = \"421 *\"  action = slow }\n"
        "rule b { reply = \"421 *\"  action = suspend  connections = 1 }\n"
        "rule c { action = plain }\n"
        "rule d { reply = \"421 *\"  action = plain  provider = gogle }\n"
        "rule bussy { action = none }\n",
        "my.conf:8: rule \"a\" does not say how slow: add connections = 1 or rate = "
        "\"1/min\".\n"
        "my.conf:9: rule \"b\" has connections or a rate, which only action = slow heeds: "
        "remove them.\n"
        "my.conf:10: rule \"c\" has no reply: add reply = \"421 *\".\n"
        "my.conf:11: rule \"d\" is for the provider \"gogle\", which is in no block. Did you "
        "mean \"google\"?\n"
        "my.conf:12: rule \"bussy\" switches nothing off, for no rule of that name ships: "
        "remove it. Did you mean \"busy\"?\n");
    refuse_with("rule a { reply = { \"421 *\", \"busy\" }  for = 8d }\n",
                "my.conf:8: The value \"busy\" of rule.reply can never match, since a reply begins "
                "with its code, 4 or 5 and two digits: begin it so, or with *.\n"
                "my.conf:8: The value \"8d\" of rule.for is out of bounds: write 1s to 7d.\n"
                "my.conf:8: This rule block has no action: add action = …\n");
}

static void another_file_replaces_the_one_that_ships(void **state)
{
    (void)state;
    write_file("my.conf", "provider only { mx = \"*.only.example\"  connections = 4 }\n"
                          "rule alone { provider = mine  reply = \"421 *\"  action = suspend }\n");
    struct config *c = load_with(OWN_TABLE "provider mine { mx = \"*.mine.example\" }\n"
                                           "provider only { connections = 3 }\n");
    assert_int_equal(c->provider_count, 2);
    assert_int_equal(config_provider_named(c, STR("only"))->together.connections, 3);
    assert_int_equal(c->rule_count, 1);
    assert_string_equal(c->rules[0].name.at, "alone");
    config_unref(c);
}

/* The folder's name is chance, so the expected sentences are made here. */
static void refuse_table(const char *table, const char *sentences)
{
    struct buf expected = BUF_INIT;
    struct str rest = str_of(sentences);
    write_file("my.conf", table);
    while (rest.len) {
        struct str line = str_cut(&rest, '\n');
        buf_addf(&expected, "%s/my.conf:%.*s\n", folder, STR_ARG(line));
    }
    refuse_with(OWN_TABLE, expected.at);
    buf_release(&expected);
}

static void errors_name_the_file_that_they_are_in(void **state)
{
    (void)state;
    refuse_table("\nprovider x { conections = 4 }\n",
                 "2: There is no \"conections\" in a provider block: did you mean "
                 "\"connections\"?\n");
    refuse_table(
        "provider x { }\nrule a { reply = \"4*\" action = slow }\nrule b { action = none }\n",
        "1: provider \"x\" has no mx, and none of that name ships: add mx = { "
        "\"*.example.org\" }. Did you mean \"x\"?\n"
        "2: rule \"a\" does not say how slow: add connections = 1 or rate = \"1/min\".\n"
        "3: rule \"b\" switches nothing off, for no rule of that name ships: remove it.\n");
    refuse_table("rule \"a\" {\n", "1: The block that begins here is not closed: add its }.\n");
}

static void a_file_of_providers_holds_nothing_else(void **state)
{
    (void)state;
    refuse_table("data_dir = x\n", "1: There is no \"data_dir\" in a file of providers: it has "
                                   "blocks provider and rule only.\n");
    refuse_table("site \"*\" { }\n",
                 "1: There is no \"site\" in a file of providers: it has blocks provider and rule "
                 "only.\n"
                 "1: What follows the unknown \"site\" was not checked.\n");
    write_file("my.conf", "# nothing\n");
    struct config *c = load_with(OWN_TABLE);
    assert_int_equal(c->provider_count + c->rule_count, 0);
    config_unref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_changes_the_options_that_it_has),
        cmocka_unit_test(a_list_replaces_the_list),
        cmocka_unit_test(an_own_provider_is_found_before_one_that_ships),
        cmocka_unit_test(what_a_provider_leaves_out_is_not_said),
        cmocka_unit_test(providers_are_checked),
        cmocka_unit_test(a_rule_has_defaults),
        cmocka_unit_test(a_rule_replaces_one_of_its_name),
        cmocka_unit_test(a_rule_can_be_switched_off),
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(another_file_replaces_the_one_that_ships),
        cmocka_unit_test(errors_name_the_file_that_they_are_in),
        cmocka_unit_test(a_file_of_providers_holds_nothing_else),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}

#include "unit/config/fixture.h"

static void an_unknown_option_names_the_likely_one(void **state)
{
    (void)state;
    refuse_with("# a comment does not shift the lines\n"
                "site \"*\" {\n"
                "    conections = 5\n"
                "    rate = \"1/s\"\n"
                "    bogus = 1\n"
                "}\n",
                "my.conf:10: There is no \"conections\" in a site block: did you mean "
                "\"connections\"?\n"
                "my.conf:12: There is no \"bogus\" in a site block: tocsind --options lists all "
                "that there are.\n");
}

static void an_unknown_block_is_refused(void **state)
{
    (void)state;
    refuse_with("cluster \"one\" { nodes = 5 }\n",
                "my.conf:8: There is no \"cluster\" outside the blocks: tocsind --options lists "
                "all that there are.\n"
                "my.conf:8: What follows the unknown \"cluster\" was not checked.\n");
    refuse_with("metric { listen = \"127.0.0.1:1\" }\n",
                "my.conf:8: There is no \"metric\" outside the blocks: did you mean "
                "\"metrics\"?\n"
                "my.conf:8: What follows the unknown \"metric\" was not checked.\n");
}

static void files_cannot_include_others(void **state)
{
    (void)state;
    refuse_with("include = \"other.conf\"\n",
                "my.conf:8: There is no \"include\" outside the blocks: tocsind --options lists "
                "all that there are.\n");
    refuse_with("include(\"other.conf\")\n",
                "my.conf:8: \"(\" has no meaning here: put text in double quotes.\n");
}

static void a_quoted_name_reaches_no_other_block(void **state)
{
    (void)state;
    refuse_with("\"control|mode\" = \"0666\"\n",
                "my.conf:8: There is no \"mode\" outside the blocks: tocsind --options lists all "
                "that there are.\n");
    refuse_with("tls { _line = 3 }\n", "my.conf:8: There is no \"_line\" in a tls block: tocsind "
                                       "--options lists all that there are.\n");
    refuse_with("_line = 3\n", "my.conf:8: There is no \"_line\" outside the blocks: tocsind "
                               "--options lists all that there are.\n");
    refuse_with("\"\" = 3\n", "my.conf:1: An option here has an empty name.\n");
    refuse_with("tls {\n\"\" = 3 }\n", "my.conf:8: An option here has an empty name.\n");
}

static void every_wrong_value_is_named_with_its_line(void **state)
{
    (void)state;
    refuse_with("site \"*\" {\n"
                "    connections = 0\n"
                "    messages_per_connection = many\n"
                "    in_flight = 65\n"
                "    rate = 5/m\n"
                "    idle = 20 seconds\n"
                "}\n",
                "my.conf:9: The value \"0\" of site.connections is out of bounds: write 1 to "
                "10000.\n"
                "my.conf:10: The value \"many\" of site.messages_per_connection is not a whole "
                "number.\n"
                "my.conf:11: The value \"65\" of site.in_flight is out of bounds: write 1 to 16.\n"
                "my.conf:12: The value \"5/m\" of site.rate is not a rate: write 5/min.\n"
                "my.conf:13: The value \"20\" of site.idle is not a duration: write 20s.\n"
                "my.conf:13: There is no \"seconds\" in a site block: tocsind --options lists all "
                "that there are.\n"
                "my.conf:14: What follows the unknown \"seconds\" was not checked.\n");
}

static void values_of_every_kind_are_checked(void **state)
{
    (void)state;
    refuse_with(
        "metrics { listen = \"localhost:9125\" }\n"
        "tracking { base_url = \"http://t.example.org\" }\n"
        "log { level = loud }\n"
        "tls { verify = yes\n"
        "      policy = always }\n"
        "retry { factor = 0.5\n"
        "        max_age = 31d }\n"
        "timeouts { connect = \"20 seconds\" }\n"
        "store { map_size = 1KiB }\n"
        "route a.example { host = \"a b\"  port = 65536 }\n"
        "source b { ehlo = a_b  address = eth0  weight = 1001 }\n"
        "identity c { domain = \"*.c\"  from = nobody }\n",
        "my.conf:8: The value \"localhost:9125\" of metrics.listen is not an address to "
        "listen on: write it as 127.0.0.1:9125 or [::1]:9125.\n"
        "my.conf:9: The value \"http://t.example.org\" of tracking.base_url is not a web "
        "address: write it as https://t.example.org.\n"
        "my.conf:10: The value \"loud\" of log.level is not known here: write debug, info, "
        "warn or error.\n"
        "my.conf:11: The value \"yes\" of tls.verify is neither true nor false.\n"
        "my.conf:12: The value \"always\" of tls.policy is not known here: write none, "
        "opportunistic or required.\n"
        "my.conf:13: The value \"0.5\" of retry.factor is out of bounds: write 1 to 100.\n"
        "my.conf:14: The value \"31d\" of retry.max_age is out of bounds: write 10ms to "
        "30d.\n"
        "my.conf:15: The value \"20 seconds\" of timeouts.connect is not a duration: write "
        "20s.\n"
        "my.conf:16: The value \"1KiB\" of store.map_size is out of bounds: write 1MiB to "
        "16TiB.\n"
        "my.conf:17: The value \"a b\" of route.host is not a host name: write it as "
        "mail.example.org, in ASCII.\n"
        "my.conf:17: The value \"65536\" of route.port is out of bounds: write 1 to "
        "65535.\n"
        "my.conf:18: The value \"a_b\" of source.ehlo is not a host name: write it as "
        "mail.example.org, in ASCII.\n"
        "my.conf:18: The value \"eth0\" of source.address is not an IPv4 or IPv6 address.\n"
        "my.conf:18: The value \"1001\" of source.weight is out of bounds: write 1 to 1000.\n"
        "my.conf:19: The value \"*.c\" of identity.domain is not a host name: write it as "
        "mail.example.org, in ASCII.\n"
        "my.conf:19: The value \"nobody\" of identity.from is not a mail address.\n");
}

/* The folder's name is chance, so the expected sentences are made here. */
static void files_and_folders_must_be_there(void **state)
{
    (void)state;
    char expected[512];
    snprintf(expected, sizeof(expected),
             "my.conf:8: The value \"none.pem\" of identity.dkim.key is no file that can be read "
             "(%s/none.pem: No such file or directory).\n",
             folder);
    refuse_with("identity b { domain = b.example dkim { selector = s key = none.pem } }\n",
                expected);
    snprintf(expected, sizeof(expected),
             "my.conf:1: The value \"a/b/data\" of data_dir cannot be made, since there is no "
             "folder %s/a/b: make that one first.\n",
             folder);
    refuse("data_dir = \"a/b/data\"\n" CONTROL IDENTITY SOURCE ROUTE, expected);
    refuse("data_dir = \"\"\n" CONTROL IDENTITY SOURCE ROUTE,
           "my.conf:1: The value \"\" of data_dir is empty: name a file or folder.\n");
}

static void a_socket_path_must_fit_its_address(void **state)
{
    (void)state;
    char path[109] = "/", text[1024], expected[512];
    memset(path + 1, 'a', 107);
    snprintf(text, sizeof(text), DATA_DIR "control { socket = \"%s\" }\n" IDENTITY SOURCE ROUTE,
             path);
    snprintf(expected, sizeof(expected),
             "my.conf:2: The value \"%.80s\" of control.socket is too long for the address of a "
             "socket: its whole path may have 107 bytes.\n",
             path);
    refuse(text, expected);
    path[107] = '\0';
    snprintf(text, sizeof(text), DATA_DIR "control { socket = \"%s\" }\n" IDENTITY SOURCE ROUTE,
             path);
    config_unref(load(text));
}

static void what_is_required_is_missed(void **state)
{
    (void)state;
    refuse("\n# nothing here\n",
           "my.conf:1: data_dir is missing: add data_dir = …\n"
           "my.conf:1: There is no control block: add control { socket = \"control.sock\" }.\n"
           "my.conf:1: There is no identity block: add identity \"NAME\" { domain = "
           "\"send.example\" }.\n"
           "my.conf:1: There is no source block: add source \"NAME\" { ehlo = "
           "\"mail.send.example\" }.\n");
    refuse_with("identity b\n{\n    dkim { key = \"dkim.pem\" }\n}\nroute b.example {\n}\n",
                "my.conf:9: This identity block has no domain: add domain = …\n"
                "my.conf:10: This dkim block has no selector: add selector = …\n"
                "my.conf:12: This route block has no host: add host = …\n");
}

static void what_comes_twice_is_refused(void **state)
{
    (void)state;
    refuse_with("tls { verify = false\n"
                "      verify = true }\n"
                "site \"*.A.example\" { }\n"
                "site \"*.a.example\" { }\n"
                "tls { }\n"
                "data_dir = data\n"
                "identity example { domain = b.example }\n"
                "identity example { domain = c.example }\n",
                "my.conf:9: A second verify in the same place: remove one of the two.\n"
                "my.conf:11: A second site \"*.a.example\"; the first is on line 10.\n"
                "my.conf:12: A second tls block; the first is on line 8.\n"
                "my.conf:13: A second data_dir in the same place: remove one of the two.\n"
                "my.conf:14: A second identity \"example\"; the first is on line 3.\n"
                "my.conf:15: A second identity \"example\"; the first is on line 3.\n");
}

static void titles_are_checked(void **state)
{
    (void)state;
    refuse_with("route \"a*\" { host = h }\nsource \"\" { ehlo = e }\n",
                "my.conf:8: The title \"a*\" of this route is not a pattern: write a host name, "
                "\"*.example.org\" or \"*\".\n"
                "my.conf:9: The title of this source is empty: name it.\n");
}

static void every_value_of_a_list_is_checked(void **state)
{
    (void)state;
    refuse_with("site \"*\" {\n"
                "    rate = { \"5/s\",\n"
                "             \"5/m\", \"6/s\" } }\n"
                "pool p { sources = { local, LOCAL } }\n"
                "provider x { mx = { \"*.x.example\", \"a*\" }  rate = \"0/s\"\n"
                "    each { rate = { fast } } }\n",
                "my.conf:10: The value \"5/m\" of site.rate is not a rate: write 5/min.\n"
                "my.conf:10: The value \"6/s\" of site.rate is a second rate of the same period: "
                "keep the lower one.\n"
                "my.conf:11: The value \"LOCAL\" of pool.sources stands there twice: remove one of "
                "the two.\n"
                "my.conf:12: The value \"a*\" of provider.mx is not a pattern: write a host name, "
                "\"*.example.org\" or \"*\".\n"
                "my.conf:12: The value \"0/s\" of provider.rate would send nothing: leave the rate "
                "out to have no limit.\n"
                "my.conf:13: The value \"fast\" of provider.each.rate is not a rate: write it as "
                "100/s, 200/min, 1000/h or 5000/day.\n");
}

static void a_list_has_a_first_value_and_an_end(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    refuse_with("site \"*\" { rate = { } }\n",
                "my.conf:8: The list site.rate is empty: write a value, or leave it out.\n");
    refuse_with("source s { ehlo = s.example\n warm_up { start = \"2026-12-01\"\n days = {} } }\n",
                "my.conf:10: The list source.warm_up.days is empty: write a value, or leave it "
                "out.\n");
    buf_add_text(&text, MINIMAL "source s { ehlo = s.example warm_up { start = \"2026-12-01\"\n"
                                "days = { 7");
    for (int i = 0; i < 400; i++)
        buf_addf(&text, ", %d", i % 7 + 1);
    buf_add_text(&text, " } } }\n");
    refuse(text.at,
           "my.conf:9: The value \"2\" of source.warm_up.days is one too many: there may be "
           "366.\n");
    buf_release(&text);
}

static void what_is_no_list_takes_one_value(void **state)
{
    (void)state;
    refuse_with("site \"*\" {\n connections = { 5 } }\n",
                "my.conf:9: Unexpected token '{'; what follows was not checked.\n");
    refuse_with("site \"*\" { rate = \"1/s\"\n rate = \"2/s\" }\n",
                "my.conf:9: A second rate in the same place: remove one of the two.\n");
    refuse_with("site \"*\" { rate = { \"1/s\" }\n rate = { \"2/s\" } }\n",
                "my.conf:9: A second rate in the same place: remove one of the two.\n");
    refuse_with("site \"*\" { rate = { \"1/s\" }\n rate = \"1/s\" }\n",
                "my.conf:9: A second rate in the same place: remove one of the two.\n");
}

static void inner_blocks_come_once_in_each(void **state)
{
    (void)state;
    config_unref(load_with("provider a { mx = \"*.a.example\" each { connections = 1 } }\n"
                           "provider b { mx = \"*.b.example\" each { connections = 1 } }\n"));
    refuse_with("provider a { mx = \"*.a.example\" each { connections = 1 }\n each { } }\n",
                "my.conf:9: A second each block; the first is on line 8.\n");
    refuse_with("provider a { mx = \"*.a.example\" }\nprovider A { mx = \"*.b.example\" }\n",
                "my.conf:9: A second provider \"A\"; the first is on line 8.\n");
    refuse_with("pool a { sources = local }\npool a { sources = local }\n",
                "my.conf:9: A second pool \"a\"; the first is on line 8.\n");
}

static void errors_of_grammar_end_the_reading(void **state)
{
    (void)state;
    refuse_with("\nsite { connections = 0 }\nsite a { connections = 0 }\n",
                "my.conf:9: Missing title for section 'site'; what follows was not checked.\n");
    refuse_with(
        "tls { verify = 1\nverify true }\nbogus = 1\n",
        "my.conf:8: The value \"1\" of tls.verify is neither true nor false.\n"
        "my.conf:9: Missing equal sign after option 'verify'; what follows was not checked.\n");
    refuse_with(
        "tls = 5\n",
        "my.conf:8: Missing opening brace for section 'tls'; what follows was not checked.\n");
    refuse_with("tls { verify = }\n",
                "my.conf:8: Unexpected token '}'; what follows was not checked.\n");
    refuse_with("= 5\n", "my.conf:8: Unexpected token '='; what follows was not checked.\n");
}

static void a_file_can_be_loaded_after_a_bad_one(void **state)
{
    (void)state;
    refuse("data_dir = \"never closed\nmode = 'neither\n",
           "my.conf:1: A string is not closed on its line: add the quotation mark.\n"
           "my.conf:2: A string is not closed on its line: add the quotation mark.\n");
    config_unref(load(MINIMAL));
    refuse_with("tls {\n", "my.conf:8: The block that begins here is not closed: add its }.\n");
    config_unref(load(MINIMAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_option_names_the_likely_one),
        cmocka_unit_test(an_unknown_block_is_refused),
        cmocka_unit_test(files_cannot_include_others),
        cmocka_unit_test(a_quoted_name_reaches_no_other_block),
        cmocka_unit_test(every_wrong_value_is_named_with_its_line),
        cmocka_unit_test(values_of_every_kind_are_checked),
        cmocka_unit_test(files_and_folders_must_be_there),
        cmocka_unit_test(a_socket_path_must_fit_its_address),
        cmocka_unit_test(what_is_required_is_missed),
        cmocka_unit_test(what_comes_twice_is_refused),
        cmocka_unit_test(titles_are_checked),
        cmocka_unit_test(every_value_of_a_list_is_checked),
        cmocka_unit_test(a_list_has_a_first_value_and_an_end),
        cmocka_unit_test(what_is_no_list_takes_one_value),
        cmocka_unit_test(inner_blocks_come_once_in_each),
        cmocka_unit_test(errors_of_grammar_end_the_reading),
        cmocka_unit_test(a_file_can_be_loaded_after_a_bad_one),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}

/*
 * What rules see of a reply, from any bytes that a server sends: one line of bounded length with
 * single spaces that begins with the code, and that a rule of the same words matches, if the reply
 * is a failure.
 */
#include <assert.h>

#include "delivery/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_line(struct str text, int code)
{
    assert(text.len >= 3 && text.len <= RULES_TEXT_MAX);
    assert((text.at[0] - '0') * 100 + (text.at[1] - '0') * 10 + text.at[2] - '0' == code);
    assert(text.len == 3 || text.at[3] == ' ');
    for (size_t i = 0; i < text.len; i++) {
        assert(text.at[i] != '\n' && text.at[i] != '\r' && text.at[i] != '\t');
        assert(i == 0 || text.at[i] != ' ' || text.at[i - 1] != ' ');
    }
    assert(str_is_utf8(text));
}

static void try_reply(const struct smtp_reply *reply)
{
    char room[RULES_TEXT_MAX];
    struct str pattern = rules_text(reply, room);
    struct rule rule = {.replies = &pattern, .reply_count = 1};
    const struct config config = {.rules = &rule, .rule_count = 1};
    const struct rule *found = NULL;
    assert_line(pattern, reply->code);
    bool matches = rules_match(&config, NULL, reply, &found);
    assert(matches == (reply->code >= 400));
    assert(!matches || found == &rule);
    rule.provider = STR("google");
    assert(!rules_match(&config, NULL, reply, &found));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smtp_reply_parser parser;
    struct str input = str_from(data, size);
    smtp_reply_parser_init(&parser);
    while (smtp_reply_parse(&parser, &input) == SMTP_REPLY_DONE)
        try_reply(&parser.reply);
    return 0;
}

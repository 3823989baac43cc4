#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery/failure.h"

static const char *const kinds[RETRY_KINDS] = {"ordinary", "greylisted", "mailbox full",
                                               "unreachable", "in doubt"};

/* A reply as it came, but for names and addresses; or one that is made up to stand at an edge. */
struct recorded {
    const char *whose;
    const char *reply; /* whole, lines joined by CRLF */
    enum retry_kind kind;
    uint32_t hint_s;
};

/* clang-format off */
static const struct recorded recorded[] = {
    {"postgrey", "450 4.2.0 <paul@example.net>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.net.html", RETRY_GREYLISTED, 0},
    {"postgrey, older", "450 4.7.1 <paul@example.net>: Recipient address rejected: Greylisted for 300 seconds (see http://isg.ee.ethz.ch/tools/postgrey/help/example.net.html)", RETRY_GREYLISTED, 300},
    {"SQLgrey", "450 4.7.1 <paul@example.net>: Recipient address rejected: Greylisted for 5 minutes", RETRY_GREYLISTED, 300},
    {"postscreen", "450 4.3.2 Service currently unavailable", RETRY_GREYLISTED, 0},
    {"milter-greylist", "451 4.7.1 Greylisting in action, please come back in 00:04:59", RETRY_GREYLISTED, 299},
    {"milter-greylist, hours", "451 4.7.1 Greylisting in action, please come back in 01:00:00", RETRY_GREYLISTED, 3600},
    {"milter-greylist, no time", "451 4.7.1 Greylisting in action, please come back later", RETRY_GREYLISTED, 0},
    {"SmarterMail", "451 Greylisted, please try again in 900 seconds", RETRY_GREYLISTED, 900},
    {"greyfix", "450 4.2.0 <paul@example.net>: Recipient address rejected: Greylisted by greyfix 0.4.0, try again in 3480 seconds. See http://www.kim-minh.com/pub/greyfix/ for more information.", RETRY_GREYLISTED, 3480},
    {"rspamd", "451 4.7.1 Try again later", RETRY_GREYLISTED, 0},
    {"Plesk", "451 4.7.1 Service unavailable - try again later", RETRY_GREYLISTED, 0},
    {"Plesk with qmail", "421 temporary envelope failure (#4.3.0)", RETRY_GREYLISTED, 0},
    {"OpenBSD's spamd", "451 Temporary failure, please try again later.", RETRY_GREYLISTED, 0},
    {"Exim with greylistd", "451 203.0.113.7 is not yet authorized to deliver mail from <b@send.example> to <paul@example.net>. Please try later.", RETRY_GREYLISTED, 0},
    {"Exim, its wiki", "451 Greylisting in progress, please try again later", RETRY_GREYLISTED, 0},
    {"MailEnable", "451 This server employs greylisting as a means of reducing spam. Please resend e-mail shortly", RETRY_GREYLISTED, 0},
    {"Mimecast", "451 Internal resource is temporarily unavailable -\r\n451 https://community.mimecast.com/docs/DOC-1369#451", RETRY_GREYLISTED, 0},
    {"Mimecast, older", "451 Internal resources are temporarily unavailable - please try again later", RETRY_GREYLISTED, 0},
    {"Stalwart, with a code for something else", "422 4.2.2 Greylisted, please try again in a few moments.", RETRY_GREYLISTED, 0},
    {"Cluebringer", "451 4.7.1 <paul@example.net>: Recipient address rejected: Greylisting in effect, please come back later", RETRY_GREYLISTED, 0},
    {"made up, by a time alone", "450 4.7.1 First contact from here, please retry in 5 minutes", RETRY_GREYLISTED, 300},
    {"made up, by two amounts", "451 4.7.1 Please try again in 4 minutes and 30 seconds", RETRY_GREYLISTED, 270},
    {"made up, American", "450 Graylisted - please try again in about 1 hour", RETRY_GREYLISTED, 3600},
    {"made up, in two lines", "451-4.7.1 Grey\r\n451 4.7.1 listed: no. Grey-listed: yes, come back after 120s", RETRY_GREYLISTED, 120},

    {"Gmail", "452-4.2.2 The recipient's inbox is out of storage space and inactive. Please direct\r\n452-4.2.2 the recipient to\r\n452 4.2.2  https://support.google.com/mail/?p=OverQuotaTemp d9443c01a7336 - gsmtp", RETRY_MAILBOX_FULL, 0},
    {"Gmail, older", "452-4.2.2 The email account that you tried to reach is over quota. Please direct\r\n452 4.2.2 the recipient to https://support.google.com/mail/?p=OverQuotaTemp", RETRY_MAILBOX_FULL, 0},
    {"Dovecot", "452 4.2.2 <paul@example.net> Quota exceeded (mailbox for user is full)", RETRY_MAILBOX_FULL, 0},
    {"Exim", "452 <paul@example.net>: mailbox is full", RETRY_MAILBOX_FULL, 0},
    {"Postfix with a quota", "452 4.2.2 <paul@example.net>: Recipient address rejected: Mailbox full", RETRY_MAILBOX_FULL, 0},
    {"qmail", "450 Recipient is over quota, try again in 60 minutes", RETRY_MAILBOX_FULL, 0},

    {"Gmail, too fast for one recipient", "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\r\n450-4.2.1 prevents additional messages from being delivered. Please resend your\r\n450 4.2.1 message at a later time.", RETRY_ORDINARY, 0},
    {"Gmail, reputation", "421-4.7.28 Our system has detected an unusual rate of unsolicited mail originating\r\n421 4.7.28 from your IP address. To protect our users from spam, mail sent from your IP has been temporarily rate limited.", RETRY_ORDINARY, 0},
    {"Exchange Online, busy", "451 4.7.500 Server busy. Please try again later from [203.0.113.7]. (S77719)", RETRY_ORDINARY, 0},
    {"Exchange Online", "451 4.7.0 Temporary server error. Please try again later. PRX2", RETRY_ORDINARY, 0},
    {"Exchange", "452 4.3.1 Insufficient system resources", RETRY_ORDINARY, 0},
    {"Yahoo", "421 4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes", RETRY_ORDINARY, 0},
    {"Postfix, no space", "452 4.3.1 Insufficient system storage", RETRY_ORDINARY, 0},
    {"Postfix, a sender's domain", "450 4.1.8 <b@send.example>: Sender address rejected: Domain not found", RETRY_ORDINARY, 0},
    {"made up, rates", "450 4.7.1 Error: too much mail from 203.0.113.7, retry in 60 seconds", RETRY_ORDINARY, 0},
    {"Orange", "421 mwinf5c10 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR004_104 [104]", RETRY_ORDINARY, 0},
    {"made up, a quota of the sender", "450 4.7.1 Daily quota exceeded for this client", RETRY_ORDINARY, 0},
};
/* clang-format on */

static struct failure failure_of(const char *text)
{
    struct smtp_reply_parser parser;
    struct buf bytes = BUF_INIT;
    smtp_reply_parser_init(&parser);
    buf_addf(&bytes, "%s\r\n", text);
    struct str input = buf_str(&bytes);
    assert_int_equal(smtp_reply_parse(&parser, &input), SMTP_REPLY_DONE);
    struct failure failure = failure_of_reply(&parser.reply);
    buf_release(&bytes);
    return failure;
}

static void recorded_replies_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
        const struct recorded *r = &recorded[i];
        struct failure failure = failure_of(r->reply);
        if (failure.kind != r->kind || failure.hint_s != r->hint_s)
            fail_msg("%s is %s (%u s), and should be %s (%u s): %s", r->whose, kinds[failure.kind],
                     failure.hint_s, kinds[r->kind], r->hint_s, r->reply);
    }
}

static void a_reply_without_text_is_ordinary(void **state)
{
    (void)state;
    struct smtp_reply reply = {.code = 450};
    assert_int_equal(failure_of_reply(&reply).kind, RETRY_ORDINARY);
}

static void times_are_read_as_people_write_them(void **state)
{
    (void)state;
    assert_int_equal(failure_time(STR("in 300 seconds")), 300);
    assert_int_equal(failure_time(STR("in 300s")), 300);
    assert_int_equal(failure_time(STR("come back after 5 min.")), 300);
    assert_int_equal(failure_time(STR("for 2 hrs")), 7200);
    assert_int_equal(failure_time(STR("in 1 hour, 30 minutes")), 5400);
    assert_int_equal(failure_time(STR("in 1:02:03")), 3723);
    assert_int_equal(failure_time(STR("in a while, that is in 10 minutes")), 600);
}

static void what_is_no_time_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {"",
                                       "in",
                                       "in ",
                                       "in 5",
                                       "in 5 apples",
                                       "in 5 sums",
                                       "within5 min",
                                       "begin 5 min",
                                       "in -5 min",
                                       "in 00:05",
                                       "in 0 seconds",
                                       "in 00:00:00",
                                       "in 123:00:00"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(failure_time(str_of(none[i])), 0);
}

static void a_time_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(failure_time(STR("in 9999999 hours")), 7 * 86400);
    assert_int_equal(failure_time(STR("in 99999999999999999999 seconds")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_replies_are_known),
        cmocka_unit_test(a_reply_without_text_is_ordinary),
        cmocka_unit_test(times_are_read_as_people_write_them),
        cmocka_unit_test(what_is_no_time_is_none),
        cmocka_unit_test(a_time_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The values of a configuration: whatever parses means one thing, is in range, and written back in
 * the smallest unit parses to the same.
 */
#include <assert.h>
#include <time.h>

#include "base/buf.h"
#include "config/units.h"

static void check_duration(struct str text)
{
    int64_t ms = -1, again = -1;
    if (units_duration(text, &ms, NULL) != 0) {
        assert(ms == -1);
        return;
    }
    struct buf plain = BUF_INIT;
    buf_addf(&plain, "%lldms", (long long)ms);
    assert(ms >= 0 && units_duration(buf_str(&plain), &again, NULL) == 0 && again == ms);
    buf_release(&plain);
}

static void check_size(struct str text)
{
    uint64_t bytes = 0, again = 0;
    if (units_size(text, &bytes, NULL) != 0)
        return;
    struct buf plain = BUF_INIT;
    buf_addf(&plain, "%lluB", (unsigned long long)bytes);
    assert(bytes <= INT64_MAX);
    assert(units_size(buf_str(&plain), &again, NULL) == 0 && again == bytes);
    buf_release(&plain);
}

static void check_rate(struct str text)
{
    struct rate rate = {0, 0};
    if (units_rate(text, &rate, NULL) != 0) {
        assert(rate.count == 0);
        return;
    }
    assert(rate.count >= 1 && rate.count <= UINT32_MAX);
    assert(rate.period_ms == 1000 || rate.period_ms == 60000 || rate.period_ms == 3600000 ||
           rate.period_ms == 86400000);
}

static void check_listen(struct str text)
{
    struct listen_address at = {"", 0}, again = {"", 0};
    if (units_listen(text, &at, NULL) != 0) {
        assert(at.port == 0);
        return;
    }
    struct buf plain = BUF_INIT;
    buf_addf(&plain, strchr(at.host, ':') ? "[%s]:%d" : "%s:%d", at.host, at.port);
    assert(at.port > 0 && units_listen(buf_str(&plain), &again, NULL) == 0);
    assert(strcmp(at.host, again.host) == 0 && at.port == again.port);
    buf_release(&plain);
}

static void check_date(struct str text)
{
    int64_t midnight = -1;
    if (units_date(text, &midnight, NULL) != 0) {
        assert(midnight == -1);
        return;
    }
    assert(text.len == 10 && midnight >= 0 && midnight % 86400 == 0 && midnight < 253402300800);
    struct tm day;
    time_t seconds = (time_t)midnight;
    char again[11];
    gmtime_r(&seconds, &day);
    strftime(again, sizeof(again), "%Y-%m-%d", &day);
    assert(str_eq(text, str_of(again)));
}

static void check_server(struct str text)
{
    struct listen_address at = {"", 0}, listen = {"", 0};
    bool server = units_server(text, 53, &at, NULL) == 0;
    assert(!server || (at.port && at.host[0]));
    if (units_listen(text, &listen, NULL) == 0)
        assert(server && at.port == listen.port && strcmp(at.host, listen.host) == 0);
    if (units_address(text, NULL) == 0)
        assert(server && at.port == 53);
}

static void check_reply(struct str text)
{
    if (units_reply(text, NULL) != 0)
        return;
    assert(text.len && text.len <= 200 && text.at[text.len - 1] != ' ');
    assert(!memmem(text.at, text.len, "  ", 2));
}

static void check_numbers(struct str text)
{
    uint64_t whole = 0;
    double number = -1;
    unsigned mode = 0;
    if (units_integer(text, &whole, NULL) == 0 && text.len <= 9)
        assert(units_number(text, &number, NULL) == 0 && number == (double)whole);
    if (units_number(text, &number, NULL) == 0)
        assert(number >= 0 && number < 1e9);
    if (units_mode(text, &mode, NULL) == 0)
        assert(mode <= 0777);
}

static void check_names(struct str text)
{
    bool domain = units_domain(text, NULL) == 0;
    bool address = units_address(text, NULL) == 0;
    assert(!domain || text.len <= 253);
    assert(!domain || str_is_ascii(text));
    assert(!(domain && address));
    assert((!domain && !address) || units_pattern(text, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_from(data, size);
    struct err err;
    bool yes;
    check_duration(text);
    check_size(text);
    check_rate(text);
    check_listen(text);
    check_server(text);
    check_date(text);
    check_reply(text);
    check_numbers(text);
    check_names(text);
    if (units_bool(text, &yes, &err) != 0)
        assert(strlen(err.text) > 0);
    return 0;
}

#include "loop/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void names_read_back(void **state)
{
    (void)state;
    const char *const names[] = {"192.0.2.1:25", "[2001:db8::1]:587", "0.0.0.0:0", "[::]:65535"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct sockaddr_storage address;
        char name[ADDRESS_NAME_SIZE];
        assert_int_equal(socket_address_parse(str_of(names[i]), &address, NULL), 0);
        address_name(&address, name, sizeof(name));
        assert_string_equal(name, names[i]);
    }
}

static void bad_ones_are_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"",        "localhost:25", "192.0.2.1",    "192.0.2.1:",     ":25",
                               "::1:25",  "[::1]25",      "[::1]:65536",  "192.0.2.1:+1",   "[:25",
                               "[]:25",   "]:25",         "[1.2.3.4]:25", "1.2.3.4.5:25",   "[",
                               "1.2.3:1", "[::1%lo]:1",   "256.0.0.1:1",  "192.0.2.1:0x10", "::"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sockaddr_storage address;
        struct err err = {{0}};
        assert_int_equal(socket_address_parse(str_of(bad[i]), &address, &err), -1);
        assert_true(err.text[0] != '\0');
    }
    struct sockaddr_storage address;
    assert_int_equal(socket_address_parse(STR("1.2.3.4\0:25"), &address, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_read_back),
        cmocka_unit_test(bad_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Addresses in configuration files: what is read is named in a way that reads back to the same. */
#include <assert.h>

#include "loop/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_storage address, again;
    char name[ADDRESS_NAME_SIZE];
    struct err err = {{0}};
    if (socket_address_parse(str_from(data, size), &address, &err)) {
        assert(err.text[0]);
        return 0;
    }
    address_name(&address, name, sizeof(name));
    assert(socket_address_parse(str_of(name), &again, NULL) == 0);
    assert(memcmp(&address, &again, sizeof(address)) == 0);
    return 0;
}

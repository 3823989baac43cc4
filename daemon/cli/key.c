#include "cli/key.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"

void key_make(char key[KEY_LENGTH + 1])
{
    uint64_t chance[2];
    random_bytes(chance, sizeof(chance));
    snprintf(key, KEY_LENGTH + 1, "%016" PRIx64 "%016" PRIx64, chance[0], chance[1]);
}

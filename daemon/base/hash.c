#include "base/hash.h"

#include <pthread.h>
#include <xxhash.h>

#include "base/random.h"

static uint64_t seed;
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
    seed = random_u64();
}

uint64_t hash_bytes(const void *at, size_t len)
{
    pthread_once(&seeded, make_seed);
    return XXH3_64bits_withSeed(at, len, seed);
}

uint64_t hash_stable(const void *at, size_t len)
{
    return XXH3_64bits(at, len);
}

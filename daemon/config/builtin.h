/*
 * The file of providers that ships (conf/providers.conf), as it was when the program was built.
 */
#ifndef TOCSIN_CONFIG_BUILTIN_H
#define TOCSIN_CONFIG_BUILTIN_H

#include "base/str.h"

/* Its name in errors, which only tests can see. */
#define BUILTIN_PROVIDERS_NAME "providers.conf (built in)"

struct str builtin_providers(void);

#endif

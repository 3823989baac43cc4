#include "config/builtin.h"

/* The assembler puts the file into the program as it is; CMake names it and watches it. */
__asm__(".pushsection .rodata\n"
        ".global tocsin_builtin_providers\n"
        ".hidden tocsin_builtin_providers\n"
        ".global tocsin_builtin_providers_end\n"
        ".hidden tocsin_builtin_providers_end\n"
        "tocsin_builtin_providers:\n"
        ".incbin \"" TOCSIN_PROVIDERS_FILE "\"\n"
        "tocsin_builtin_providers_end:\n"
        ".byte 0\n"
        ".popsection\n");

extern const char tocsin_builtin_providers[], tocsin_builtin_providers_end[];

struct str builtin_providers(void)
{
    return str_from(tocsin_builtin_providers,
                    (size_t)(tocsin_builtin_providers_end - tocsin_builtin_providers));
}

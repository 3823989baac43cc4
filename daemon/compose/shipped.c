#include "compose/shipped.h"

/* Each file as it is, between two symbols; CMake names the folder and watches it. */
#define SHIP(symbol, name)                                       \
    __asm__(".pushsection .rodata\n"                             \
            ".global tocsin_shipped_" #symbol "\n"               \
            ".hidden tocsin_shipped_" #symbol "\n"               \
            ".global tocsin_shipped_" #symbol "_end\n"           \
            ".hidden tocsin_shipped_" #symbol "_end\n"           \
            "tocsin_shipped_" #symbol ":\n"                      \
            ".incbin \"" TOCSIN_TEMPLATES_FOLDER "/" name "\"\n" \
            "tocsin_shipped_" #symbol "_end:\n"                  \
            ".byte 0\n"                                          \
            ".popsection\n");                                    \
    extern const char tocsin_shipped_##symbol[], tocsin_shipped_##symbol##_end[];

#define ROW(symbol, name) {name, tocsin_shipped_##symbol, tocsin_shipped_##symbol##_end},

#define FILES(each)                                                                               \
    each(letter_html, "layouts/letter.html") each(letter_txt, "layouts/letter.txt")               \
        each(newsletter_html, "layouts/newsletter.html")                                          \
            each(newsletter_txt, "layouts/newsletter.txt") each(plain_html, "layouts/plain.html") \
                each(plain_txt, "layouts/plain.txt") each(footer_html, "partials/footer.html")    \
                    each(footer_txt, "partials/footer.txt")                                       \
                        each(preheader_html, "partials/preheader.html")

FILES(SHIP)

static const struct {
    const char *name, *at, *end;
} files[] = {FILES(ROW)};

size_t shipped_count(void)
{
    return sizeof(files) / sizeof(files[0]);
}

struct bundle_file shipped_file(size_t i)
{
    return (struct bundle_file){str_of(files[i].name),
                                str_from(files[i].at, (size_t)(files[i].end - files[i].at))};
}

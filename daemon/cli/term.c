#include "cli/term.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

/* Only the characters: numbers are read and written the same way everywhere. */
void term_set_locale(void)
{
    const char *got = setlocale(LC_CTYPE, "");
    bool chosen = is_set("LC_ALL") || is_set("LC_CTYPE") || is_set("LANG");
    if (!got || (!chosen && !term_is_utf8()))
        setlocale(LC_CTYPE, "C.UTF-8");
}

bool term_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool term_is_live(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

unsigned term_columns(int fd)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

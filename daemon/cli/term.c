#include "cli/term.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * Only the characters: numbers are read and written the same way everywhere. All that this program
 * writes is UTF-8, whatever the locale says; C.UTF-8 knows how wide it is.
 */
void term_set_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (!term_is_utf8())
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

/* What the terminal is: there at all, how wide, which characters. */
#ifndef TOCSIN_CLI_TERM_H
#define TOCSIN_CLI_TERM_H

#include <stdbool.h>

/* Takes the user's locale if it is one with UTF-8, otherwise C.UTF-8. Once, at the start. */
void term_set_locale(void);

/* False on the rare system that has no such locale. */
bool term_is_utf8(void);

/* True for a terminal that can redraw its lines. */
bool term_is_live(int fd);

/* Columns of the terminal behind fd, now; 80 when it does not say. */
unsigned term_columns(int fd);

#endif

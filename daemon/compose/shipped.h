/*
 * The layouts and partials that ship (the folder templates/), as they were when the program was
 * built.
 */
#ifndef TOCSIN_COMPOSE_SHIPPED_H
#define TOCSIN_COMPOSE_SHIPPED_H

#include "compose/bundle.h"

size_t shipped_count(void);
struct bundle_file shipped_file(size_t i);

#endif

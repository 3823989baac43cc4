/*
 * What a list may be called: 1 to 100 bytes of UTF-8 without controls and without `"`, so that any
 * name can stand in an audience expression as list:"NAME".
 */
#ifndef TOCSIN_AUDIENCE_LIST_NAME_H
#define TOCSIN_AUDIENCE_LIST_NAME_H

#include "base/err.h"
#include "base/str.h"

enum { LIST_NAME_MAX = 100 };

int list_name_check(struct str name, struct err *err);

#endif

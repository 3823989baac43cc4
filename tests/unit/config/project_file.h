/*
 * The files of the project that a test looks at, which are found from where this one is.
 */
#ifndef TOCSIN_TESTS_UNIT_CONFIG_PROJECT_FILE_H
#define TOCSIN_TESTS_UNIT_CONFIG_PROJECT_FILE_H

#include "unit/config/fixture.h"

static inline void read_project_file(const char *path, struct buf *out)
{
    static const char here[] = "tests/unit/config/project_file.h";
    char full[4096];
    snprintf(full, sizeof(full), "%.*s%s", (int)(sizeof(__FILE__) - sizeof(here)), __FILE__, path);
    FILE *file = fopen(full, "r");
    assert_non_null(file);
    out->len = fread(buf_reserve(out, 256 * 1024), 1, 256 * 1024, file);
    out->at[out->len] = '\0';
    fclose(file);
}

#endif

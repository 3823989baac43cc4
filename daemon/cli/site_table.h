/* Sites as a table, a row for each. */
#ifndef TOCSIN_CLI_SITE_TABLE_H
#define TOCSIN_CLI_SITE_TABLE_H

#include <jansson.h>

void site_table_print(const json_t *sites);

#endif

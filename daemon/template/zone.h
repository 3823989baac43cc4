/*
 * Time zones: what a clock on the wall shows somewhere at a moment, and what that time is called
 * ("CEST"), by the system's own zone files. `zone_find` takes a name such as "Europe/Brussels" and
 * gives what render_options want; `zone_parse` is the pure reader behind it (TZif, RFC 8536).
 *
 * The C library's own zones are one variable for the whole process; these are constants that any
 * number of threads look at together. Zone files that are changed on disk are seen after the next
 * start. Files that count leap seconds (the folder "right") are refused: Unix time has none.
 */
#ifndef TOCSIN_TEMPLATE_ZONE_H
#define TOCSIN_TEMPLATE_ZONE_H

#include "base/err.h"
#include "template/liquid.h"

enum { ZONE_FILE_MOST = 64 * 1024, ZONE_NAME_MOST = 63 };

struct zone;

/*
 * The zone of that name, for as long as the process runs: it is read once and kept. Any thread may
 * ask. A name is made of letters, digits, "_", "+" and "-", in parts with "/" between them. NULL
 * with a sentence if it is not, if there is no such file, or if the file is no zone.
 */
const struct template_zone *zone_find(struct str name, struct err *err);

/* Reads the bytes of a zone file; NULL with a sentence (without the file's name). zone_free it. */
struct zone *zone_parse(struct str bytes, struct err *err);
void zone_free(struct zone *zone);

/* The zone as rendering takes it; lives as long as the zone does. */
const struct template_zone *zone_for_template(const struct zone *zone);

/* Seconds east of UTC at that moment, and the name of that time; both are always there. */
int32_t zone_offset(const struct zone *zone, int64_t unix_s, const char **name);

#endif

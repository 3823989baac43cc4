/* Media types of files (RFC 2046 §2, RFC 6838): a small table by extension, and images by what they
   are. */
#ifndef TOCSIN_MAIL_MEDIA_H
#define TOCSIN_MAIL_MEDIA_H

#include <stdbool.h>

#include "base/str.h"

/*
 * The media type of a file with this name and content, without parameters; a view of static memory.
 * Images are known by their first bytes, whatever the name says, and a name that says image where
 * the bytes do not is not believed; all else goes by the extension, and what has none that is known
 * is application/octet-stream.
 */
struct str media_type(struct str file_name, struct str bytes);

/* image/…, which can stand in a text. */
bool media_is_image(struct str type);

#endif

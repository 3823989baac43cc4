/*
 * The text/plain part of a message, as a person would write it: headings underlined, lists with
 * dashes and numbers, quotes with "> ", links as `text <url>`, images by their alternative text.
 * Lines are not wrapped. Liquid in the source survives byte for byte, because the result is
 * rendered as a template again (with ESCAPE_TEXT).
 */
#ifndef TOCSIN_TEMPLATE_TEXT_H
#define TOCSIN_TEMPLATE_TEXT_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the text of a Markdown source. -1 if it is longer than TEMPLATE_SOURCE_MAX. */
int text_from_markdown(struct str markdown, struct buf *text, struct err *err);

/*
 * Appends the text of an HTML source: head, style, script and comments are left out, entities
 * decoded. -1 if it is longer than TEMPLATE_SOURCE_MAX or nests too deep.
 */
int text_from_html(struct str html, struct buf *text, struct err *err);

#endif

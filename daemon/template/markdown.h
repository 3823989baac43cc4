/*
 * Markdown (CommonMark 0.30) to HTML, for messages in which Liquid may stand anywhere: in text, in
 * the URLs of links and images, in attributes of raw HTML, in code, or alone on a line around
 * paragraphs and list items. Every tag and output of the source comes out byte for byte and in
 * order; the result is a Liquid template again. Raw HTML passes (staff write the messages), quotes
 * stay as typed. This file does not check that the Liquid is right: compile the source for that
 * first, so that errors name the lines that people wrote.
 */
#ifndef TOCSIN_TEMPLATE_MARKDOWN_H
#define TOCSIN_TEMPLATE_MARKDOWN_H

#include "base/buf.h"
#include "base/err.h"

/* The longest source that is taken, in bytes, of Markdown and of HTML. */
enum { TEMPLATE_SOURCE_MAX = 1024 * 1024 };

/* Appends the HTML to `html`. -1 if the source is longer than TEMPLATE_SOURCE_MAX. */
int markdown_to_html(struct str markdown, struct buf *html, struct err *err);

#endif

/*
 * Finds the start tags of HTML and their attributes as a browser's tokenizer does, without building
 * anything; pure, private to the room. Feed it the text of an html_view.
 *
 * The rules are those of the HTML standard, 13.2.5 "Tokenization", with scripting disabled. The
 * text of comments, and of elements whose text is not markup (script, style, textarea, title …), is
 * skipped. One thing is read that browsers skip: what Outlook takes out of a conditional comment,
 *
 *     <!--[if mso]> markup <![endif]-->
 *
 * A tag that does not end is no tag, and the caller has to forget what it saw of it
 * (html_scan_close). Not followed: foreign content (in <svg>, <style> is markup to a browser), and
 * scripts in scripts.
 */
#ifndef TOCSIN_TEMPLATE_HTML_SCAN_H
#define TOCSIN_TEMPLATE_HTML_SCAN_H

#include "base/str.h"

struct html_scan {
    struct str text;
    size_t at;
    size_t end;      /* of the text, or of the conditional comment that is read */
    size_t resume;   /* after that comment; 0 outside */
    struct str name; /* of the start tag that is read */
    bool in_tag;
};

struct html_scan_attribute {
    struct str name, value; /* views of the text; references are not decoded */
    char quote;             /* '"', '\'' or 0 */
    bool has_value;         /* an "=" is there */
};

void html_scan_init(struct html_scan *s, struct str text);

/* The name of the next start tag; false at the end. */
bool html_scan_next(struct html_scan *s, struct str *name);

/* The next attribute of that tag; false after the last one. */
bool html_scan_attribute(struct html_scan *s, struct html_scan_attribute *out);

/* Skips the rest of the tag; false if the text ends before it. */
bool html_scan_close(struct html_scan *s);

#endif

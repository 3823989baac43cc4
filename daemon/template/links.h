/*
 * The links of an HTML source in which Liquid may stand anywhere: where each one is, what address
 * it has, and how to put others in their place without touching a byte beside them. Pure.
 *
 * A link is the `href` of an <a> or <area>, as a browser sees it (html_scan.h), and also in what
 * Outlook takes out of conditional comments. Not in other comments, not in script, style, title and
 * textarea, not in what Liquid holds ({% raw %}, {% comment %}, text in quotes). An `href` that
 * repeats one is ignored, as browsers do, unless Liquid stands between them: it may choose.
 * What it does not do: look into partials, or render.
 *
 *     links_find(html, &memory, &links, &count, &err);
 *     values[i] = links[i].trackable ? made from links[i].target : (struct str){NULL, 0};
 *     links_replace(html, links, count, values, &out);
 *
 * No byte of Liquid is made or changed: a target is a template of its own, which is rendered
 * without escaping. But names may be known only at its place ({% for x in y %}<a href="https://…/{{
 * x }}">), so whoever renders it does so in place (by {% capture %}, say).
 */
#ifndef TOCSIN_TEMPLATE_LINKS_H
#define TOCSIN_TEMPLATE_LINKS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum { LINKS_MAX = 1000 };

struct link {
    size_t at, len; /* of the value in the source, without its quotes */
    char quote;     /* '"', '\'' or 0 */
    unsigned line;  /* of the value, from 1 */
    /* The value with its references decoded and no white space at its ends; Liquid as it is. */
    struct str target;
    bool has_liquid; /* the target is not the same for everybody */
    /*
     * The author asked that it stays: data-track="off", or one of those that other senders have,
     * clicktracking="off", data-msys-clicktrack="0", disable-tracking="true".
     */
    bool off;
    /*
     * It may be replaced by a tracked one: http:// or https://, where scheme and first byte of the
     * host are fixed text, Liquid blocks begin and end in it, not `off`, and no fault.
     */
    bool trackable;
    const char *fault; /* what is wrong with the address, a sentence; NULL if nothing is */
};

/*
 * In the order of the source. What they point to is in `memory`. -1 if there are more than
 * LINKS_MAX, with the line of the first that is too much.
 */
int links_find(struct str html, struct arena *memory, struct link **links, size_t *count,
               struct err *err);

/*
 * Adds `html` to `out` with values[i] in the place of the value of links[i]. A value is HTML with
 * Liquid (link_escape makes it of a target); one whose `at` is NULL, or that is the old one,
 * changes nothing. Quotes are added where there were none and the value needs them; text of the
 * value that would end them is escaped.
 */
void links_replace(struct str html, const struct link *links, size_t count,
                   const struct str *values, struct buf *out);

/* Adds a target as the value of an attribute: & < > " ' outside of Liquid become references. */
void link_escape(struct str target, struct buf *out);

#endif

/* The signs that mean something in HTML, as entities. */
#ifndef TOCSIN_TEMPLATE_HTML_ENTITY_H
#define TOCSIN_TEMPLATE_HTML_ENTITY_H

#include "base/str.h"

/* Of & < > " '; empty for any other byte. */
static inline struct str html_entity(char c)
{
    switch (c) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&#39;");
    default:
        return (struct str){NULL, 0};
    }
}

#endif

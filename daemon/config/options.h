/*
 * The table of options: every block and every option of the configuration is declared once, in
 * options.c, and from it come the parser's arrays, the defaults, the checks, the places in
 * `struct config` and the manual. Constant; owns nothing.
 *
 * To add an option: a field in config.h, a row in options.c, and the manual printed anew.
 */
#ifndef TOCSIN_CONFIG_OPTIONS_H
#define TOCSIN_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum option_kind {
    KIND_PATH,   /* a path; nothing is checked */
    KIND_FILE,   /* a file that can be read */
    KIND_FOLDER, /* a folder that may be made: its parent exists */
    KIND_SOCKET, /* a path that fits into a unix address */
    KIND_DOMAIN,
    KIND_HOST, /* a domain or an address */
    KIND_ADDRESS,
    KIND_URL,
    KIND_TEXT, /* for people: any UTF-8, with line ends */
    KIND_ZONE, /* the name of a time zone; whether there is one, template/zone.h finds out */
    KIND_EMAIL,
    KIND_INTEGER,
    KIND_PORT,
    KIND_NUMBER,
    KIND_DURATION,
    KIND_SIZE,
    KIND_RATE,
    KIND_BOOL,
    KIND_CHOICE,
    KIND_MODE,
    KIND_LISTEN,
    KIND_SERVER,  /* an address, with a port or 53 */
    KIND_NAME,    /* of a source, a pool, a provider */
    KIND_PATTERN, /* of host names */
    KIND_REPLY,   /* a pattern of replies, for base/glob.h */
    KIND_DATE,
    KIND_COUNT,
};

enum block_id {
    BLOCK_TOP, /* the file itself */
    BLOCK_CONTROL,
    BLOCK_METRICS,
    BLOCK_TRACKING,
    BLOCK_LOG,
    BLOCK_THREADS,
    BLOCK_IDENTITY,
    BLOCK_DKIM,
    BLOCK_SOURCE,
    BLOCK_WARM_UP,
    BLOCK_POOL,
    BLOCK_ROUTE,
    BLOCK_TLS,
    BLOCK_DNS,
    BLOCK_SITE,
    BLOCK_PROVIDER,
    BLOCK_EACH,
    BLOCK_TOTAL,
    BLOCK_RULE,
    BLOCK_RETRY,
    BLOCK_SCHEDULE,
    BLOCK_TIMEOUTS,
    BLOCK_STORE,
    BLOCK_COUNT,
};

struct option {
    enum block_id block;
    enum option_kind kind;
    const char *name;
    const char *preset;     /* the default as one would write it, or NULL: none */
    const char *low, *high; /* bounds, written likewise, for kinds that have an order */
    const char *const
        *choices;        /* KIND_CHOICE: the words, in the order of the enum; ends with NULL */
    size_t offset;       /* in the struct of the block */
    size_t list_max;     /* a list may have so many values; 0: it is one value, not a list */
    size_t count_offset; /* of a list: its length, a size_t */
    bool in_place;       /* the list's array stands at `offset`; else a pointer to it does */
    bool required;
    bool restart; /* cannot change while the daemon runs */
    const char *help;
};

struct block {
    const char *name;
    const char *help;
    const char *example; /* how to write one, for those that are required */
    enum block_id parent;
    bool titled;
    bool many;     /* an array in the parent's struct: pointer at `offset`, length at `count` */
    size_t size;   /* of one element of that array */
    size_t offset; /* in the parent's struct */
    size_t count_offset; /* of a size_t in the parent's struct */
    size_t title_offset; /* of a struct str in the element */
    int (*title_check)(struct str title, struct err *err);
    const char *presets_for; /* defaults are only for the block of this title; NULL: for all */
    bool shaping;            /* may also stand in a file of providers */
};

enum { OPTION_LIST_LONGEST = 366 }; /* no list_max is more */

extern const struct option options[];
extern const size_t option_count;
extern const struct block blocks[BLOCK_COUNT];

/* NULL if that block has no such option. */
const struct option *option_find(enum block_id block, struct str name);

/* BLOCK_TOP if there is no block of that name. */
enum block_id block_find(struct str name);

/* The option or inner block of `block` that somebody meant who wrote `name`, or NULL. */
const char *option_suggest(enum block_id block, struct str name);

#endif

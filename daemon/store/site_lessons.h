/*
 * What was learned about the manners of sites, so that a restart does not forget it: the mail for a
 * site whose server mishandles overlap, PIPELINING or CHUNKING goes there in a plainer way.
 *
 * Table `sites`: key: the site's key, as text ("mx.example.net:25")
 *                value: version (u8 = 1) · lessons (u8: 1 no overlap, 2 plain, 4 no CHUNKING; at
 *                least one) · learned at (u32 BE, seconds since 1970) · length of the text (u16 BE)
 * · text: what was seen, at most SITE_LESSON_WHY_MAX bytes
 *
 * Site keys of more than SITE_LESSON_KEY_MAX bytes have no lessons here: nothing is read or
 * written. When a lesson is too old to be believed is the reader's to say.
 */
#ifndef TOCSIN_STORE_SITE_LESSONS_H
#define TOCSIN_STORE_SITE_LESSONS_H

#include "store/store.h"

enum { SITE_LESSON_KEY_MAX = 255, SITE_LESSON_WHY_MAX = 400 };

/* Stored as bits: never renumber. */
enum site_lesson_flag {
    SITE_NO_OVERLAP = 1,
    SITE_PLAIN = 2, /* neither PIPELINING nor CHUNKING, and so no overlap */
    SITE_NO_CHUNKING = 4,
};

struct site_lesson {
    uint8_t flags;
    uint32_t learned_at;
    struct str why; /* cut to SITE_LESSON_WHY_MAX when written, at a UTF-8 boundary */
};

/* False when there is none; `why` is valid until txn_end. */
bool site_lesson_read(struct txn *txn, struct str site, struct site_lesson *out);

/* Replaces what there is. Writer only. */
void site_lesson_write(struct txn *txn, struct str site, const struct site_lesson *lesson);

/* Also when there is none. Writer only. */
void site_lesson_forget(struct txn *txn, struct str site);

#endif
